# Prints the services that failed, or that systemd starts again and again (between two starts they are
# active for a moment). Of each: name, state, user ("-" for root), whether its unit names $1 (a port or
# a socket), whether its unit is in /etc, its manager, and the end of the journal. Each line of a journal
# follows a space. Then it prints the programs of pm2 and supervisor that wrote into their error log in
# the last ten minutes, in the same form: there is no state, and the path of the log follows.

[ ! -d /run/systemd/system ] ||
  systemctl show '*.service' -p Id -p ActiveState -p NRestarts -p User --no-pager | awk -F= '
    function out() { if (i && (s == "failed" || s == "activating" || n > 0)) print i, s, u ? u : "-"; i = s = u = ""; n = 0 }
    $1 == "Id" { i = $2 } $1 == "ActiveState" { s = $2 } $1 == "NRestarts" { n = $2 } $1 == "User" { u = $2 }
    /^$/ { out() } END { out() }' | head -n 8 |
  while read -r n s u; do
    f=$(systemctl show "$n" -p FragmentPath --value)
    systemctl cat "$n" | grep -qwF -e "$1" && k=yes || k=no
    case $f in /etc/*) e=yes ;; *) e=no ;; esac
    echo "unit $n $s $u $k $e systemd"
    journalctl -u "$n" -b -n 60 -o cat --no-pager | sed 's/^/ /'
  done 2>/dev/null
find /root/.pm2/logs /home/*/.pm2/logs /var/log/supervisor -maxdepth 1 -type f -name '*err*.log' -size +0 \
  -mmin -10 2>/dev/null | head -n 4 |
  while read -r f; do
    n=${f##*/} m=supervisor
    case $f in */.pm2/*) m=pm2 n=${n%-error*} ;; esac
    echo "unit ${n%%-stderr*} - - no yes $m $f"
    tail -c 8192 -- "$f" | tail -n 60 | sed 's/^/ /'
  done 2>/dev/null
:
