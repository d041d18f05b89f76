# Each part follows a line "@@@ kind when name": failed systemd units with their journal, and the
# ends of the tools' logs, and the settings that say which authority is asked and where challenges are
# written. Each of their lines follows a space.

if [ -d /run/systemd/system ]; then
  for u in $(systemctl list-units --all --state=failed --plain --no-legend 'certbot*.service' \
    'snap.certbot*.service' 'acme*.service' 'lego*.service' 'dehydrated*.service' |
    sed 's/ .*//' | head -n 6)
  do
    w=$(journalctl -u "$u" -n 1 -o short-unix --no-pager | sed -n 's/^\([0-9][0-9]*\).*/\1/p')
    echo "@@@ unit ${w:-0} $u"; journalctl -u "$u" -n 80 -o cat --no-pager | sed 's/^/ /'
  done
fi 2>/dev/null
log() {
  [ -f "$2" ] && [ ! -L "$2" ] || return
  [ -r "$2" ] || { echo "@@@ denied 0 $2"; return; }
  echo "@@@ $1 $(stat -L -c %Y -- "$2" 2>/dev/null || echo 0) $2"
  tail -c 65536 -- "$2" | sed 's/^/ /'; echo
}
log certbot /var/log/letsencrypt/letsencrypt.log
d=/var/log/letsencrypt; [ ! -d $d ] || [ -x $d ] || echo "@@@ denied 0 $d"
for f in /root/.acme.sh/acme.sh.log /home/*/.acme.sh/acme.sh.log /var/log/acme.sh.log
do log acme.sh "$f"; done
for f in /etc/letsencrypt/renewal/*.conf; do
  [ ! -r "$f" ] || { echo "@@@ authority 0 $f"; grep -E '^(server|authenticator) *=' "$f" | head -n 2 | sed 's/^/ /'; }
  grep -q '^authenticator *= *webroot' "$f" || continue
  echo "@@@ webroot 0 $f"; sed -n '/^\[\[webroot_map\]\]/,$p' "$f" | head -n 100 | sed 's/^/ /'
done 2>/dev/null
for f in /root/.acme.sh/*/*.conf /home/*/.acme.sh/*/*.conf; do
  [ ! -r "$f" ] || { echo "@@@ authority 0 $f"; grep -E '^Le_(API|Webroot)=' "$f" | head -n 2 | sed 's/^/ /'; }
  grep -q "^Le_Webroot='/" "$f" || continue
  echo "@@@ webroot 0 $f"; grep -E '^Le_(Domain|Alt|Webroot)=' "$f" | head -n 3 | sed 's/^/ /'
done 2>/dev/null
:
