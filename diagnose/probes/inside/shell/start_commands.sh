# Prints what may start the program of the port $1, on which nothing listens: lines "KIND OWNER PATH",
# of files that name the port, or that start a script which does. "supervisor - NAME"; "unit - FILE" of a
# service that does not run; "saved OWNER FILE" for
# pm2's list; "user OWNER FILE" for a unit of that user's own systemd; "ecosystem OWNER FILE"; "compose OWNER
# FILE"; "project OWNER FOLDER" for one of Node.js. Then "has PROGRAM", "npm PATH", "daemon -" (supervisor
# runs) or "supervised UNIT", which is supervisor's, and of each owner: "home
# OWNER PATH", "uid OWNER NUMBER", "lingers OWNER", "manager OWNER" (the user's systemd runs), "pm2 OWNER PATH",
# "daemon OWNER" (pm2 runs) and "boots OWNER" (a unit of systemd starts pm2 with the server).

port=$1
names() { grep -qsE "(^|[^0-9.])$port([^0-9.]|\$)" "$@"; }
running=$(readlink /proc/[0-9]*/cwd 2>/dev/null)
# A name with the end of a line would be read as a line of its own.
is_line() { case $1 in *"
"*) return 1 ;; esac; }
owner() { stat -L -c %U -- "$1"; }
# Whether a file of these names the port, or the file .env of a folder. The system's own programs do not.
starts() {
  sort -u | head -n 20 | while read -r w; do
    case $w in /usr/*|/bin/*|/sbin/*) continue ;; esac
    for f in "$w" "$w/.env" "$w/config.json" "$w/config.production.json"; do
      [ ! -f "$f" ] || ! head -c 262144 -- "$f" | names || echo yes
    done
  done | grep -q .
}
saved() { names "$1" || sed -n 's/.*"pm_\(exec_path\|cwd\)": "\(\/[^"]*\)".*/\2/p' "$1" | starts; }
unit() {
  names "$1" || sed -n 's/^\(ExecStart\|WorkingDirectory\|EnvironmentFile\)=[-@:+!]*//p' "$1" | tr -s ' ' '\n' |
    sed "s|%h|${1%/.config/*}|g" | starts
}
for f in /etc/supervisor/conf.d/*.conf /etc/supervisord.d/*.ini; do
  names "$f" && sed -n 's/^\[program:\([^]]*\)\].*/supervisor - \1/p' "$f"
done 2>/dev/null | head -n 4
for f in /etc/systemd/system/*.service; do
  [ -f "$f" ] && [ ! -L "$f" ] && unit "$f" && ! systemctl is-active --quiet "${f##*/}" && ! grep -q '^Type=oneshot' "$f" && echo "unit - $f"
done 2>/dev/null | head -n 4
for f in /root/.pm2/dump.pm2 /home/*/.pm2/dump.pm2; do
  [ -f "$f" ] && saved "$f" && echo "saved $(owner "$f") $f"
done 2>/dev/null | head -n 4
for f in /root/.config/systemd/user/*.service /home/*/.config/systemd/user/*.service; do
  is_line "$f" && [ -f "$f" ] && unit "$f" && echo "user $(owner "$f") $f"
done 2>/dev/null | head -n 4
for d in /root /root/* /home/* /home/*/* /home/*/*/* /var/www/* /var/www/*/* /srv /srv/* /srv/*/* /opt/* /opt/*/* \
  /usr/src/* /usr/share/nginx/*; do
  is_line "$d" || continue
  for f in "$d"/ecosystem.config.*js "$d"/ecosystem.json "$d"/process.json "$d"/pm2.config.*js; do
    is_line "$f" && [ -f "$f" ] && names "$f" "$d/.env" && echo "ecosystem $(owner "$f") $f"
  done
  for f in "$d"/compose.yaml "$d"/compose.yml "$d"/docker-compose.yml "$d"/docker-compose.yaml; do
    [ -f "$f" ] && grep -qE "[\"' :-]$port:[0-9]|published: [\"']?$port\\b" "$f" && echo "compose $(owner "$f") $f"
  done
  [ -f "$d/package.json" ] || continue
  echo "$running" | grep -qxF -e "$d" && continue
  if names "$d/package.json" "$d"/.env* "$d"/*.js "$d"/*.cjs "$d"/*.mjs "$d"/src/*.js "$d"/src/*.ts "$d"/server/*.js \
    "$d/bin/www" || { [ "$port" = 3000 ] && grep -qE '"(next|nuxt) start' "$d/package.json"; }; then
    echo "project $(owner "$d/package.json") $d"
  elif grep -qE '"start(:prod)?": *"' "$d/package.json" &&
    ! grep -qE '"start": *"(vite|ng |react-scripts|vue-cli|parcel|webpack)' "$d/package.json"; then
    echo "other $(owner "$d/package.json") $d"
  fi
done 2>/dev/null | awk '!seen[$0]++' | head -n 16
for c in pm2 docker; do command -v "$c" >/dev/null && echo "has $c"; done
c=$(command -v npm) && echo "npm $c"
if pgrep -x supervisord >/dev/null; then echo "daemon -"; else
  for c in supervisor supervisord; do [ "$(systemctl show $c.service -p LoadState --value)" = loaded ] && echo "supervised $c" && break; done
fi 2>/dev/null
for d in /root /home/*; do
  is_line "$d" && o=$(owner "$d") && h=$(getent passwd "$o" | cut -d: -f6)
  [ "$h" = "$d" ] || continue
  echo "home $o $h"
  u=$(id -u "$o") && echo "uid $o $u"
  [ ! -e "/var/lib/systemd/linger/$o" ] || echo "lingers $o"
  [ ! -S "/run/user/$u/systemd/private" ] || echo "manager $o"
  for f in /usr/local/bin/pm2 /usr/bin/pm2 "$h"/.nvm/versions/node/*/bin/pm2 "$h"/.npm-global/bin/pm2; do
    [ ! -x "$f" ] || { echo "pm2 $o $f" && break; }
  done
  ! grep -qs PM2 "/proc/$(cat "$h/.pm2/pm2.pid")/cmdline" || echo "daemon $o"
  [ ! -e "/etc/systemd/system/pm2-$o.service" ] || echo "boots $o"
done 2>/dev/null | head -n 60
[ ! -d /home ] || for d in /root/.pm2 /home/*/.pm2; do [ -d "$d" ] && echo "has pm2" && break; done
:
