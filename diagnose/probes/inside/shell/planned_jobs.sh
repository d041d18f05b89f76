# Prints what this server starts by a plan and what ends a program of the site: lines of the tables of cron, scripts in
# its folders and those that a table starts, timers, logrotate's scripts, the restarts of unattended-upgrades.
# "unit PORT NAME" for the units of the ports ($@), "job FILE:NUMBER:LINE", "script FILE:NUMBER:LINE" of what a job
# starts, "folder PERIOD FILE:NUMBER:LINE", "timer UNIT|CALENDAR|INTERVAL|COMMAND", "rotate FILE:NUMBER:LINE",
# "at daily HH:MM" of the folders and of logrotate, "reboot HH:MM". Nothing is executed.

ends='(^|[^[:alnum:]_-])(restart|stop|reboot|shutdown|kill|pkill|killall|down|reload|force-reload)([^[:alnum:]_-]|$)'
for p in "$@"; do
  ss -Hltnp "sport = :$p" 2>/dev/null | grep -o 'pid=[0-9]*' | cut -d= -f2 | head -n 4 | while read -r i; do
    sed -n "s|^0::.*/\([^/]*\.service\)\$|unit $p \1|p" "/proc/$i/cgroup"
    echo "unit $p $(cat "/proc/$i/comm")"
  done 2>/dev/null | sort -u
done
scripts() {
  grep -oE '/[[:alnum:]_.@+/-]+' | sort -u | head -n 6 | while read -r f; do
    case $f in /bin/*|/usr/bin/*|/sbin/*|/usr/sbin/*|/dev/*|/proc/*) continue ;; esac
    [ -f "$f" ] && [ -n "$(find "$f" -size -64k)" ] && grep -qI '' "$f" && grep -nHE "$ends" "$f" | head -n 6 | sed 's/^/script /'
  done
}
for f in /etc/crontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/*; do
  [ -f "$f" ] || continue
  grep -nHE '^[[:space:]]*([0-9*@])' "$f" | head -n 60 | while read -r l; do
    s=$(echo "$l" | cut -d: -f3- | scripts)
    echo "$l" | grep -qE "$ends" || [ -n "$s" ] || continue
    echo "job $l"; [ -z "$s" ] || echo "$s"
  done
done 2>/dev/null
for w in hourly daily weekly monthly; do
  for f in "/etc/cron.$w"/*; do
    case $f in */logrotate|*.dpkg-*) continue ;; esac
    [ -x "$f" ] && [ -f "$f" ] && grep -nHIE "$ends" "$f" | grep -vE ':[0-9]+:[[:space:]]*#' | head -n 4 | sed "s/^/folder $w /"
  done
done 2>/dev/null
sed -nE 's/^([0-9]+)[[:space:]]+([0-9]+)[[:space:]].*cron\.daily.*/at cron \2:\1/p' /etc/crontab 2>/dev/null | head -n 1
for f in /etc/logrotate.d/*; do
  case $f in *.dpkg-*|*.rpm*|*~) continue ;; esac
  grep -nHIE "$ends" "$f" | grep -vE ':[0-9]+:[[:space:]]*#' | head -n 4 | sed 's/^/rotate /'
done 2>/dev/null
if [ -d /run/systemd/system ]; then
  systemctl list-units --all --plain --no-legend --type=timer | awk '{ print $1 }' | head -n 60 | while read -r u; do
    s=$(systemctl show -p Unit --value "$u")
    c=$(systemctl cat "$s" 2>/dev/null | sed -nE 's/^Exec(Start|StartPre)=[-@:+!]*//p' | head -n 4)
    k=$(systemctl show -p TimersCalendar -p TimersMonotonic "$u" | sed -nE 's/.*OnCalendar=([^;]*[^; ]) *;.*/\1|/p; s/.*OnUnit(Active|Inactive)U?Sec=([^;]*[^; ]) *;.*/|\2/p' | tr -d '\n')
    [ "$u" != logrotate.timer ] || echo 'at logrotate 00:00'
    x=$(echo "$c" | scripts)
    echo "$c" | grep -qE "$ends" || [ -n "$x" ] || continue
    echo "timer $u|$k|$(echo "$c" | tr '\n' ';' | cut -c 1-300)"; [ -z "$x" ] || echo "$x"
  done
fi 2>/dev/null
apt-config dump 2>/dev/null | grep -qi '^Unattended-Upgrade::Automatic-Reboot "true"' &&
  echo "reboot $(apt-config dump | sed -nE 's/^Unattended-Upgrade::Automatic-Reboot-Time "([0-9:]{4,5}|now)".*/\1/p')"
:
