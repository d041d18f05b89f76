# Prints the web servers other than nginx. The arguments are the names of their programs, which are
# the names of their services as well. The form is that of nginx_processes.sh, except that "its" stands
# only at main processes: those whose parent has another name. Then it prints what systemd or OpenRC
# knows of each service, and the journal of those that failed or are started again and again.

read -r up _ </proc/uptime; date +%s.%N; echo "$up"; own=$(readlink /proc/self/ns/mnt); echo "$own"
user() { while read -r k u _; do [ "$k" = Uid: ] && echo "$1 $u" && break; done < "$2/status"; }
user self /proc/self 2>/dev/null
flat() { tr '\0\n' '  '; }
view() {
  echo "$1 root $(stat -L -c %d:%i "$2/root")"; echo "$1 pid $(readlink "$2/ns/pid")"
  echo "$1 net $(readlink "$2/ns/net")"; echo "$1 folder $(readlink "$2/cwd")"; sed "s/^/$1 cgroup /" "$2/cgroup"
}
view own /proc/self 2>/dev/null
for n in nginx "$@"; do p=$(command -v "$n") && echo "program $p"; done
# Where Apache is beside a distribution (apache_places.py has their commands).
for p in /opt/bitnami/apache/bin /opt/bitnami/apache2/bin /opt/lampp/bin /www/server/apache/bin \
  /usr/local/apache2/bin /usr/local/apache/bin /usr/local/httpd/bin; do
  [ -x "$p/httpd" ] && echo "program $p/httpd"
done
for d in /proc/[0-9]*; do
  c=; read -r c < "$d/comm" || continue
  case " $* " in *" $c "*) ;; *) continue ;; esac
  echo "process $(flat < "$d/stat")"; t=$(flat < "$d/cmdline"); echo "$t"
  e=$(readlink "$d/exe"); printf %s "$e" | flat; echo; readlink "$d/ns/mnt" || echo
  user user "$d"
  p=$(sed -n 's/^PPid:[^0-9]*//p' "$d/status"); o=; read -r o < "/proc/$p/comm"
  [ "$o" = "$c" ] || view its "$d"
done 2>/dev/null
# OpenRC: started/ has what it believes to run, perhaps after the program has ended.
if [ -d /run/openrc ]; then
  for n; do
    [ -x "/etc/init.d/$n" ] || continue
    s=inactive; [ -e "/run/openrc/started/$n" ] && s=active
    b=disabled; for r in /etc/runlevels/*/"$n"; do [ -e "$r" ] && b=enabled; done
    printf 'service %s\n' "Id=$n" LoadState=loaded Manager=openrc "ActiveState=$s" "UnitFileState=$b" ''
  done
fi
[ -d /run/systemd/system ] || exit 0
systemctl show "$@" -p Id -p LoadState -p ActiveState -p UnitFileState -p MainPID 2>/dev/null |
  sed 's/^/service /'
for n in "$@"; do
  case $(systemctl is-active "$n" 2>/dev/null) in failed|activating) ;; *) continue ;; esac
  echo "journal $n"; journalctl -u "$n" -b -n 40 -o cat --no-pager 2>/dev/null | sed 's/^/ /'
done
:
