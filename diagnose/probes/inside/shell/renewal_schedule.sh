# What starts a renewal tool by itself: timers, lines of cron, scripts in the folders of cron. A line
# "name value" each; the lines of a file follow a space. Nothing is executed.

tools='certbot|letsencrypt|acme\.sh|dehydrated'
# Of the paths that are read: the scripts that start a tool.
starts() {
  head -n 60 | while read -r p; do
    [ -f "$p" ] && [ -n "$(find "$p" -size -100k)" ] && grep -qIE "$tools" "$p" && echo "$p"
  done 2>/dev/null
}
read -r up _ < /proc/uptime; echo "now $(date +%s)"; echo "up ${up%%.*}"
[ "$(id -u)" = 0 ] || echo 'denied crontabs'
[ ! -e /etc/debian_version ] || echo 'debian 1'
[ ! -d /etc/cron.d ] || echo 'folder 1'
if [ -d /run/systemd/system ]; then
  echo 'systemd 1'
  {
    systemctl list-unit-files --type=timer --plain --no-legend 'certbot*.timer' \
      'snap.certbot*.timer' 'letsencrypt*.timer' 'acme*.timer' 'dehydrated*.timer' | head -n 12
    grep -lEs "$tools" /etc/systemd/system/*.service | head -n 12 | while read -r f; do
      u=${f##*/}; u=${u%.service}.timer
      [ ! -e "/etc/systemd/system/$u" ] || echo "$u $(systemctl is-enabled "$u")"
    done
    # A timer of any other name: its service starts the tool, or a script that does.
    systemctl show -p Id -p Unit '*.timer' | awk -v RS= '{
      for (i = 1; i <= NF; i++) { split($i, w, "="); v[w[1]] = w[2] }; print v["Id"], v["Unit"] }' |
      head -n 80 | while read -r u s; do
        t=$(systemctl show -p ExecStart "$s"); echo "$t" | grep -oE '/[[:alnum:]_.@+/-]+' | sort -u |
          { echo "$t" | grep -qE "$tools" || starts | grep -q .; } && echo "$u $(systemctl is-enabled "$u")"
      done
  } | while read -r u state _; do echo "timer $u $state $(systemctl is-active "$u")"; done
  # These start the lines of cron, or its folders, without a program that always runs.
  systemctl is-active cron.target anacron.timer dcron.timer | grep -qx active && echo 'daemon timers'
  systemctl list-unit-files --plain --no-legend cron.service crond.service cronie.service |
    sed -n 's/^\(\S*\) .*/unit \1/p' | head -n 1
fi 2>/dev/null
for c in /proc/[0-9]*/comm; do
  read -r n < "$c" || continue
  case $n in cron|crond|fcron|anacron|systemd-cron*) echo "daemon $n"; break;; esac
done 2>/dev/null
for p in $(command -v certbot) /usr/bin/certbot /usr/local/bin/certbot /snap/bin/certbot \
  /opt/certbot/bin/certbot /usr/local/bin/certbot-auto /opt/certbot/certbot-auto
do [ ! -x "$p" ] || echo "program $p"; done | sort -u
find /var/log/letsencrypt -maxdepth 1 -type f -name 'letsencrypt.log*' -size +0 -exec stat -c %Y {} + 2>/dev/null |
  sort -n | tail -n 1 | sed 's/^/last /'
for e in docker podman; do
  command -v $e >/dev/null && timeout 5 $e ps --format '{{.Image}} {{.Names}}' </dev/null
done 2>/dev/null | grep -iE 'certbot|acme|letsencrypt|lego|swag|proxy-manager|companion' | head -n 1 |
  sed 's/^/container /'
# A timer of a person's own systemd, and a program that runs all the time and starts the tool.
grep -lsE "$tools" /root/.config/systemd/user/*.service /home/*/.config/systemd/user/*.service \
  /etc/systemd/user/*.service | head -n 1 | sed 's/^/container /'
# The brackets keep grep from its own command line. A process that begins has this script's.
running='[c]ertbot|[a]cme\.sh|[d]ehydrated'
grep -lsaE "$running" /proc/[0-9]*/cmdline | head -n 50 | while read -r f; do
  grep -qE 'list-unit-files|diagnose' "$f" || ! grep -qaE "$running" "$f" || echo "container $f"
done 2>/dev/null | head -n 1
# A control panel starts renewals by a clock of its own.
for d in /etc/webmin /usr/local/ispconfig /usr/local/hestia /usr/local/vesta /usr/local/psa /usr/local/cpanel \
  /usr/local/directadmin /usr/local/CyberCP /usr/local/cwpsrv /www/server/panel /home/user-data
do [ ! -d "$d" ] || echo "container $d"; done
for f in /etc/letsencrypt/renewal/*.conf; do
  grep -qE '^authenticator *= *manual *$' "$f" && ! grep -qE '^manual_auth_hook *= *[^ N]' "$f" && echo "manual $f"
done 2>/dev/null
for f in /root/.acme.sh/*/*.conf /home/*/.acme.sh/*/*.conf; do
  grep -q "^Le_Webroot='dns'" "$f" && echo "manual $f"
done 2>/dev/null
tables() {
  for f in /etc/crontab /etc/anacrontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/* /var/spool/cron/tabs/* \
    /etc/crontabs/* /var/spool/fcron/*.orig
  do [ ! -f "$f" ] || [ ! -r "$f" ] || echo "$f"; done | head -n 60
}
# A script that a line of cron starts, and that starts the tool.
scripts=$(tables | while read -r f; do grep -v '^ *#' "$f" | head -n 200; done |
  grep -oE '/[[:alnum:]_.@+/-]+' | sort -u | starts | sed 's/[.+]/\\&/g' | tr '\n' '|')
tables | while read -r f; do
  grep -qE "$scripts$tools" "$f" || continue
  echo "table $(stat -L -c '%a %u' "$f") $(tail -c 1 "$f" | od -An -tx1 | tr -d ' ') $f"
  grep -nE "^ *[A-Z]+ *=|$scripts$tools" "$f" | head -n 20 | cut -c1-500 | sed 's/^/ /'
done 2>/dev/null
for f in /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/periodic/*/*; do
  [ ! -f "$f" ] || ! grep -qE "$scripts$tools" "$f" || echo "part $(stat -L -c '%a' "$f") $f"
done 2>/dev/null
for p in $(tables | while read -r f; do grep -hE "$tools" "$f" | grep -v '^ *#'; done |
  grep -oE "/[[:alnum:]_.@+/-]*(certbot|letsencrypt|acme|dehydrated)[[:alnum:]_.-]*" | sort -u | head -n 20)
do [ -e "$p" ] || echo "gone $p"; done 2>/dev/null
:
