# Prints what may start the program of the port $1, on which nothing listens: lines "KIND OWNER PATH",
# of files that name the port. "supervisor - NAME"; "saved OWNER FILE" for pm2's list; "ecosystem OWNER
# FILE"; "compose OWNER FILE"; "project OWNER FOLDER" for one of Node.js. Then "has PROGRAM".

port=$1
names() { grep -qsE "(^|[^0-9.])$port([^0-9.]|\$)" "$@"; }
running=$(readlink /proc/[0-9]*/cwd 2>/dev/null)
owner() { stat -L -c %U -- "$1"; }
for f in /etc/supervisor/conf.d/*.conf /etc/supervisord.d/*.ini; do
  names "$f" && sed -n 's/^\[program:\([^]]*\)\].*/supervisor - \1/p' "$f"
done 2>/dev/null | head -n 4
for f in /root/.pm2/dump.pm2 /home/*/.pm2/dump.pm2; do
  names "$f" && echo "saved $(owner "$f") $f"
done 2>/dev/null | head -n 4
for d in /root /root/* /home/* /home/*/* /home/*/*/* /var/www/* /var/www/*/* /srv /srv/* /srv/*/* /opt/* /opt/*/* \
  /usr/src/* /usr/share/nginx/*; do
  for f in "$d"/ecosystem.config.*js "$d"/ecosystem.json "$d"/process.json "$d"/pm2.config.*js; do
    [ -f "$f" ] && names "$f" "$d/.env" && echo "ecosystem $(owner "$f") $f"
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
[ ! -d /home ] || for d in /root/.pm2 /home/*/.pm2; do [ -d "$d" ] && echo "has pm2" && break; done
:
