# Prints the services that failed, or that systemd starts again and again (between two starts they are
# active for a moment), and then those that do not run or do not listen where $1 (a port or a socket) is
# theirs: their unit, a file of its environment or a configuration on its command line names it, or a
# pool of PHP-FPM. An administrator's own that are enabled and do not run, or that were started in the
# last three minutes and do not listen yet, are printed too. Of each: name, state, user ("-" for root), whether it names $1, whether its
# unit is in /etc, its manager; then lines "=PROPERTY VALUE", the end of the log that has its name, and
# that of the journal. Each line of these follows a space. Then it prints the programs of pm2 and supervisor that wrote into their error
# log in the last ten minutes, in the same form: there is no state, and the path of the log follows. With
# $2 only the services that failed or are started again and again are printed.
# shellcheck disable=SC2046,SC2086
#   (SC2046, SC2086: the values are numbers and words of systemd's, or lists of files.)

value() { echo "$p" | sed -n "s/^$1=//p" | head -n 1; }
# Limits and times are no ports.
text() {
  systemctl cat "$1"
  [ "${1%.service}" = "$1" ] || systemctl cat "${1%.service}.socket"
  [ "$(value LoadState)" != masked ] || cat /usr/local/lib/systemd/system/"$1" /usr/lib/systemd/system/"$1"
  cat $(echo "$p" | sed -n 's/^EnvironmentFiles=\(\/[^ ]*\) (.*/\1/p') /dev/null
  systemctl cat "$1" | sed -n 's/^ExecStart=//p' | tr -s ' =' '\n' | head -n 40 |
    grep -E '\.(ini|conf|cfg|ya?ml|toml|env|conf\.py)$' | while read -r c; do
    case $c in /*) ;; *) c=$(value WorkingDirectory)/$c ;; esac
    [ ! -f "$c" ] || head -c 65536 -- "$c"
  done
  case $1 in
    php-fpm.service) cat /etc/php-fpm.d/*.conf ;;
    php*-fpm.service) c=${1#php} && cat "/etc/php/${c%-fpm.service}"/fpm/pool.d/*.conf ;;
  esac
}
# The services of PHP-FPM whose pools name $1.
pools() {
  grep -lswF -e "$1" /etc/php/*/fpm/pool.d/*.conf /etc/php-fpm.d/*.conf |
    sed 's|^/etc/php/\([0-9.]*\)/.*|php\1-fpm.service|; s|^/etc/php-fpm.d/.*|php-fpm.service|'
}
names() { text "$1" | grep -vE '^(Limit|Timeout|Restart|StartLimit|Memory|Tasks|Watchdog|Runtime)' | grep -qwF -e "$2"; }
ports() {
  ss -Hltnp | while read -r _ _ _ a _ u; do
    q=${u#*pid=} q=${q%%,*}
    grep -qs "/$1\(/\|\$\)" "/proc/$q/cgroup" && echo "${a##*:}"
  done | sort -un | head -n 4 | tr '\n' ' '
}
# Whether a program of the service listens anywhere, at a Unix socket too.
listens() {
  { ss -Hltnp; ss -Hlxp; } | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u | while read -r q; do
    grep -s "/$1\(/\|\$\)" "/proc/$q/cgroup"
  done | grep -q .
}
# What a service wrote into a log of its own name in the last ten minutes (mosquitto, prosody, Redis).
own_lines() {
  case $1 in */*|.*) return ;; esac
  find "/var/log/$1" "/var/log/$1.log" -maxdepth 1 -type f -name '*.log' -size +0 -mmin -10 | head -n 2 |
    while read -r f; do tail -c 8192 -- "$f" | tail -n 20; done
}
services() {
  read -r now _ </proc/uptime
  systemctl show '*.service' -p Id -p ActiveState -p NRestarts -p UnitFileState -p FragmentPath -p Type \
    -p ActiveEnterTimestampMonotonic --no-pager | awk -F= -v only="$2" -v now="${now%%.*}" '
    function out() {
      if (i && (s == "failed" || s ~ /activating$/ || n > 0)) { if (++k <= 8) print i }
      else if (i && t != "oneshot" && p ~ "^/etc/" && (s == "inactive" && f == "enabled" ||
        s == "active" && now - b / 1000000 < 180)) idle = idle i "\n"
      i = s = f = t = p = ""; n = b = 0
    }
    $1 == "Id" { i = $2 } $1 == "ActiveState" { s = $2 } $1 == "NRestarts" { n = $2 }
    $1 == "UnitFileState" { f = $2 } $1 == "FragmentPath" { p = $2 } $1 == "Type" { t = $2 }
    $1 == "ActiveEnterTimestampMonotonic" { b = $2 }
    /^$/ { out() } END { out(); if (!only) printf "%s", idle }'
  [ -n "$2" ] || for d in /etc /run /usr/local/lib /usr/lib; do
    grep -lswF -e "$1" $d/systemd/system/*.service $d/systemd/system/*.service.d/*.conf $d/systemd/system/*.socket
  done | sed 's|\.service\.d/.*|.service|; s|\.socket$|.service|; s|.*/||; /@/d'
  [ -n "$2" ] || pools "$1"
}

[ ! -d /run/systemd/system ] || services "$1" "$2" | awk '!seen[$0]++' | head -n 12 |
  while read -r n; do
    p=$(systemctl show "$n" -p ActiveState -p SubState -p LoadState -p UnitFileState -p Type -p User \
      -p NRestarts -p FragmentPath -p EnvironmentFiles -p PrivateNetwork -p NetworkNamespacePath \
      -p RemainAfterExit -p ActiveEnterTimestampMonotonic -p WorkingDirectory)
    s=$(value ActiveState) u=$(value User) r=$(value NRestarts) b=$(value ActiveEnterTimestampMonotonic)
    names "$n" "$1" && k=yes || k=no
    # What checks the application, and ends, names its port too.
    [ "$(value Type)" != oneshot ] || [ "$(value RemainAfterExit)" = yes ] || k=no
    case $(value FragmentPath) in /etc/*) e=yes ;; *) e=no ;; esac
    read -r t _ </proc/uptime
    t=$((${t%%.*} - ${b:-0} / 1000000))
    case $s/${r:-0}/$k in
      failed/*|activating/*|inactive/*|*/yes) ;;
      */0/*) if [ "$e" = no ] || [ "$t" -ge 180 ] || listens "$n"; then continue; fi ;;
    esac
    echo "unit $n $s ${u:--} $k $e systemd"
    echo "=load $(value LoadState)"
    echo "=file $(value UnitFileState)"
    echo "=exec $(systemctl cat "$n" | sed -n 's/^ExecStart=//p' | tail -n 1 | head -c 900)"
    echo "=sub $(value SubState)"
    echo "=private $(value PrivateNetwork)"
    [ -z "$(value NetworkNamespacePath)" ] || echo "=private yes"
    [ "$s" != active ] || echo "=ports $(ports "$n")"
    [ "$s" != active ] || echo "=age $t"
    echo "=restarts $(journalctl -u "$n" -b --since -10min -o cat --no-pager | grep -c 'Scheduled restart job')"
    own_lines "${n%.service}" | sed 's/^/ /'
    journalctl -u "$n" -b -n 60 -o cat --no-pager | sed 's/^/ /'
  done 2>/dev/null
[ -z "$2" ] || exit 0
# A section of supervisord's may name its own log: "NAME FILE".
own_logs() {
  cat /etc/supervisor/conf.d/* /etc/supervisord.d/* /etc/supervisor/supervisord.conf /etc/supervisord.conf 2>/dev/null | awk '
    function out() { if (n && f ~ "^/") print n, f; n = f = "" }
    /^\[/ { out() } /^\[program:/ { n = substr($0, 10); sub("].*", "", n) }
    { sub("[ \t];.*", ""); k = $0; sub("[ \t]*=.*", "", k); v = $0; sub("^[^=]*=[ \t]*", "", v) }
    k == "stderr_logfile" { f = v } k == "stdout_logfile" && !f { f = v }
    END { out() }' | head -n 20
}
{
  find /root/.pm2/logs /home/*/.pm2/logs /var/log/supervisor -maxdepth 1 -type f -name '*err*.log' -size +0 -mmin -10 2>/dev/null
  own_logs | while read -r n f; do find "$f" -maxdepth 0 -type f -size +0 -mmin -10 2>/dev/null | sed "s|$| $n|"; done
} | sort -k 2 -r | awk '!seen[$1]++' | head -n 4 |
  while read -r f o; do
    n=${f##*/} m=supervisor
    case $f in */.pm2/*) m=pm2 n=${n%-error*} ;; esac
    n=${n%%-stderr*}
    echo "unit ${o:-$n} - - no yes $m $f"
    tail -c 8192 -- "$f" | tail -n 60 | sed 's/^/ /'
  done 2>/dev/null
:
