# Prints the state and journal of the service that starts the program $1. It searches unit files and
# System V scripts, from which systemd generates units. systemd's own lines ("Starting …") separate
# one start from another. $2 is the port.

if [ -d /run/systemd/system ]; then
  u=
  for d in /etc /run /usr/local/lib /usr/lib /lib; do
    [ -n "$u" ] || u=$(grep -lsE "^ExecStart=[-@:+!]*$1( |\$)" "$d"/systemd/system/*.service |
      sed 's|.*/||; /@/d' | sort |
      awk '!f || /^(nginx|openresty|tengine|angie|nginx-rc|nginx-sp)\./ { f = $0 } END { print f }')
  done
  for n in nginx openresty tengine; do
    [ -n "$u" ] || ! grep -qsF -- "${1%/*}/" "/etc/init.d/$n" || u=$n.service
  done
  systemctl show "${u:-nginx}" -p Id -p LoadState -p User -p ActiveState -p Result -p ExecStartPre \
    -p InactiveEnterTimestamp -p PrivateTmp -p ProtectHome -p InaccessiblePaths -p PIDFile
  [ -n "$u" ] && echo "starts $u"
  systemctl list-sockets --plain --no-legend --no-pager | awk -v p=":$2" \
    'substr($1, length($1) - length(p) + 1) == p { print "socket " $2 }' | head -n 1
  journalctl -u "${u:-nginx}" -b -n 60 -o cat --no-pager | sed 's/^/ /'
fi 2>/dev/null
s=$(cat /sys/fs/selinux/enforce 2>/dev/null) && echo "selinux $s" &&
  semanage port -l 2>/dev/null | grep '^http_port_t .*tcp' | head -n 3
:
