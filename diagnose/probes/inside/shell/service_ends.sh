# Prints how the service that has a port ($1) ended in the last six hours, by its journal and pm2's log: "unit NAME",
# "property NAME=VALUE" of its limits, "command ExecStart=…" of its unit, "restarter FILE:NUMBER:LINE" of what restarts
# it by a plan, "now SECONDS", and "log SECONDS MESSAGE". Of a program of pm2 "manager pm2" and its lines there. The
# files of gunicorn and uWSGI are read too; "manager gunicorn" is one that no service has.

pid=$(ss -Hltnp "sport = :$1" 2>/dev/null | grep -o 'pid=[0-9]*' | head -n 1 | cut -d= -f2)
[ -n "$pid" ] || exit 0
# The files in which the program on the port writes which workers it ended: those that it has open, and those that its
# arguments and gunicorn's file of settings name.
worker_logs() {
  c=$(tr '\0' ' ' <"/proc/$pid/cmdline") d=$(readlink "/proc/$pid/cwd") p=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
  case $c in *gunicorn*|*uwsgi*) ;; *) return ;; esac
  f=$(echo "$c" | sed -nE 's/.* (-c|--config)[= ](file:)?([^ ]+).*/\3/p')
  f=${f:-gunicorn.conf.py}
  # A project often has its interpreter in a folder of its own.
  case $f in /*) ;; *) [ -f "$d/$f" ] || d=$(echo "$c" | sed -nE 's;(^|.* )(/[^ ]+)/\.?v?env/.*;\2;p'); f=$d/$f ;; esac
  {
    for l in "/proc/$pid"/fd/* $([ "${p:-1}" -gt 1 ] && echo "/proc/$p/fd/"*); do readlink "$l"; done
    echo "$c" | grep -oE -e '--?(error-logfile|log-file|logto2?|daemonize)[= ][^ ]+' | sed 's/.*[= ]//'
    ls -d /var/log/gunicorn*/* /var/log/uwsgi/*.log /var/log/gunicorn*.log
    sed -nE "s/^[[:space:]]*(errorlog|logto|daemonize)[[:space:]]*=[[:space:]]*[\"']?([^\"' ]+).*/\2/p" "$f"
  } 2>/dev/null | sort -u | while read -r l; do
    case $l in /dev/*|*access*|-|*:*) continue ;; /*) ;; *) l=$d/$l ;; esac
    [ -f "$l" ] && tail -c 262144 -- "$l" | grep -aE 'WORKER TIMEOUT|HARAKIRI ON WORKER' | tail -n 40
  done | sed -nE 's/^\[([0-9-]+ [0-9:]{8}( [+-][0-9]{4})?)\] (.*)/\1|\3/p
s/^([A-Z][a-z]{2} [A-Z][a-z]{2} +[0-9]+ [0-9:]{8} [0-9]{4}) - (.*)/\1|\2/p' | while IFS='|' read -r t m; do
    s=$(date -d "$t" +%s 2>/dev/null) && echo "log $s $m"
  done
}
u=$(sed -n 's|^0::.*/\([^/]*\.service\)$|\1|p' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
echo "now $(date +%s)"
case $u in
  ''|user@*|pm2-*|pm2.service)
    cat /root/.pm2/pm2.log /home/*/.pm2/pm2.log 2>/dev/null | tail -n 400 |
      grep -E 'Change detected on path|exceeds --max-memory-restart|exited with code' | tail -n 40 |
      sed -E 's/^([0-9]{4}-[0-9-]+)T([0-9:]+): ?/\1 \2 /' | while read -r d t m; do
        s=$(date -d "$d $t" +%s 2>/dev/null) && echo "log $s $m"
      done | sed '1i manager pm2'
    worker_logs | sed '1i manager gunicorn'
    exit 0 ;;
  cron.service|crond.service|ssh.service|sshd.service) worker_logs | sed '1i manager gunicorn'; exit 0 ;;
  docker.service|containerd.service) exit 0 ;;
esac
echo "unit $u"
# A backslash at the end of a line goes on with the next one (systemd.syntax(7)).
systemctl show -p RuntimeMaxUSec -p WatchdogUSec -p MemoryMax -p Restart -- "$u" | sed 's/^/property /'
systemctl cat -- "$u" 2>/dev/null | sed -e ':a' -e '/\\$/{N;s/\\\n[[:space:]]*/ /;ba' -e '}' | grep '^ExecStart=.' | tail -n 1 | sed 's/^/command /'
n=${u%.service}
grep -nsE "systemctl +(--[a-z-]+ +)*(try-)?restart +([a-z@.-]+ +)*$n(\.service)?( |\$|;|&)" /etc/crontab /etc/cron.*/* \
  /var/spool/cron/* /var/spool/cron/crontabs/* /etc/systemd/system/*.service 2>/dev/null | head -n 3 | sed 's/^/restarter /'
journalctl -u "$u" --since -6h -o short-unix --no-pager -q 2>/dev/null | tail -n 6000 |
  grep -E 'runtime time limit|Watchdog timeout|oom-kill|OOM killer|Main process exited|Failed with result|Stopping |[Dd]etected (a )?(file )?change|restarting due to change|Reloading\.\.\.|Restarting with|WORKER TIMEOUT|HARAKIRI ON WORKER|Autorestarting worker|signal SIGKILL|Fatal|FATAL|[Ee]rror:|Uncaught|panic:' |
  tail -n 200 | sed -E 's/^([0-9]+)\.[0-9]+ [^ ]+ ([^ :]+): /log \1 \2: /'
worker_logs
:
