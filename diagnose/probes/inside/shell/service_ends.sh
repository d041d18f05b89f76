# Prints how the service that has a port ($1) ended in the last six hours, by its journal and pm2's log: "unit NAME",
# "property NAME=VALUE" of its limits, "command ExecStart=…" of its unit, "restarter FILE:NUMBER:LINE" of what restarts
# it by a plan, "now SECONDS", and "log SECONDS MESSAGE". Of a program of pm2 "manager pm2" and its lines there.

pid=$(ss -Hltnp "sport = :$1" 2>/dev/null | grep -o 'pid=[0-9]*' | head -n 1 | cut -d= -f2)
[ -n "$pid" ] || exit 0
u=$(sed -n 's|^0::.*/\([^/]*\.service\)$|\1|p' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
echo "now $(date +%s)"
case $u in
  ''|user@*|pm2-*|pm2.service)
    cat /root/.pm2/pm2.log /home/*/.pm2/pm2.log 2>/dev/null | tail -n 400 |
      grep -E 'Change detected on path|exceeds --max-memory-restart|exited with code' | tail -n 40 |
      sed -E 's/^([0-9]{4}-[0-9-]+)T([0-9:]+): ?/\1 \2 /' | while read -r d t m; do
        s=$(date -d "$d $t" +%s 2>/dev/null) && echo "log $s $m"
      done | sed '1i manager pm2'
    exit 0 ;;
  cron.service|crond.service|ssh.service|sshd.service|docker.service|containerd.service) exit 0 ;;
esac
echo "unit $u"
# A backslash at the end of a line goes on with the next one (systemd.syntax(7)).
systemctl show -p RuntimeMaxUSec -p WatchdogUSec -p MemoryMax -p Restart -- "$u" | sed 's/^/property /'
systemctl cat -- "$u" 2>/dev/null | sed -e ':a' -e '/\\$/{N;s/\\\n[[:space:]]*/ /;ba' -e '}' | grep '^ExecStart=.' | tail -n 1 | sed 's/^/command /'
n=${u%.service}
grep -nsE "systemctl +(--[a-z-]+ +)*(try-)?restart +([a-z@.-]+ +)*$n(\.service)?( |\$|;|&)" /etc/crontab /etc/cron.*/* \
  /var/spool/cron/* /var/spool/cron/crontabs/* /etc/systemd/system/*.service 2>/dev/null | head -n 3 | sed 's/^/restarter /'
journalctl -u "$u" --since -6h -o short-unix --no-pager -q 2>/dev/null | tail -n 6000 |
  grep -E 'runtime time limit|Watchdog timeout|oom-kill|OOM killer|Main process exited|Failed with result|Stopping |[Dd]etected (a )?(file )?change|restarting due to change|Reloading\.\.\.|Restarting with|WORKER TIMEOUT|Autorestarting worker|signal SIGKILL|Fatal|FATAL|[Ee]rror:|Uncaught|panic:' |
  tail -n 200 | sed -E 's/^([0-9]+)\.[0-9]+ [^ ]+ ([^ :]+): /log \1 \2: /'
:
