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
# dehydrated: its settings may be in further files beside it, and name others by $BASEDIR.
for f in /etc/dehydrated/config /usr/local/etc/dehydrated/config; do
  [ -r "$f" ] || continue
  echo "@@@ alias 0 $f"
  s=$(grep -hE '^(BASEDIR|WELLKNOWN|DOMAINS_TXT|CHALLENGETYPE)=' "$f" "${f%/*}"/conf.d/*.sh | head -n 12)
  echo "$s" | sed 's/^/ /'
  b=$(echo "$s" | sed -n 's/^BASEDIR=//p' | tail -n 1 | tr -d "\"'") && b=${b:-${f%/*}}
  t=$(echo "$s" | sed -n 's/^DOMAINS_TXT=//p' | tail -n 1 | tr -d "\"'" | sed 's/^\${*BASEDIR}*//') && t=${t:-/domains.txt}
  for d in "$t" "$b$t"; do [ ! -f "$d" ] || { head -n 60 "$d" | sed 's/^/ names /' && break; }; done
done 2>/dev/null
# A tool with a server of its own: what stops the web server meanwhile, in its settings or wherever
# it is started from, the plugins that are installed, and a folder of the web server.
stops='(pre-|pre_)hook|(stop|down|kill|quit).*(certbot|acme)|(certbot|acme).*(stop|down|kill|quit)|(systemctl|service|nginx|apache2ctl|apachectl|docker|compose) .*(stop|down|quit)'
starters() {
  find /etc/crontab /etc/cron.* /var/spool/cron/root /var/spool/cron/crontabs/root /etc/systemd/system \
    /etc/systemd/system/*.service.d /lib/systemd/system /usr/lib/systemd/system /usr/local/bin /usr/local/sbin \
    -maxdepth 1 -type f -size -100k -exec grep -lEs 'certbot|letsencrypt|acme\.sh' {} +
  find /root /opt -maxdepth 1 -type f -name '*.sh' -size -100k -exec grep -lEs 'certbot|letsencrypt|acme\.sh' {} +
}
method() {
  echo "@@@ method 0 $1"; grep -E "$2" "$1" | head -n 8 | sed 's/^/ /'
  {
    grep -lEs "$stops" /etc/letsencrypt/cli.ini /root/.config/letsencrypt/cli.ini /etc/letsencrypt/renewal-hooks/pre/*
    starters | head -n 40 | tr '\n' '\0' | xargs -0 grep -lEs "$stops" /dev/null
  } | head -n 1 | sed 's/^/ stops = /'
  for p in /usr/lib/python3*/*-packages /usr/local/lib/python3*/*-packages /opt/certbot/lib/python3*/*-packages \
    /snap/certbot/current/lib/python3*/*-packages
  do for n in nginx apache; do [ ! -d "$p/certbot_$n" ] || echo " plugin = $n"; done; done
  for p in /var/www/html /usr/share/nginx/html /srv/http /var/www; do
    [ ! -d "$p" ] || { echo " folder = $p"; break; }
  done
}
for f in /etc/letsencrypt/renewal/*.conf; do
  ! grep -qE '^authenticator *= *standalone *$' "$f" ||
    method "$f" '^(authenticator|http01_port|pre_hook) *='
done 2>/dev/null
for f in /root/.acme.sh/*/*.conf /home/*/.acme.sh/*/*.conf; do
  ! grep -q "^Le_Webroot='no'" "$f" || method "$f" '^Le_(Webroot|HTTPPort|PreHook)='
done 2>/dev/null
# lego keeps no settings: what starts it names all of them, often in several rows. What a person typed (.bash_history)
# or wrote down starts nothing.
for p in /var/www/html /usr/share/nginx/html /srv/http /var/www; do
  [ ! -d "$p" ] || { echo "@@@ folder 0 $p"; break; }
done
{
  find /etc/crontab /etc/cron.* /var/spool/cron/root /var/spool/cron/crontabs/root /etc/systemd/system \
    /usr/local/bin /usr/local/sbin /root /opt -maxdepth 1 -type f -size -100k ! -name '.*' \
    \( -path '/etc/*' -o -path '/var/*' -o -perm -100 -o -name '*.sh' \) -exec grep -lIEs '(^|[ =/])lego ' {} +
} 2>/dev/null | head -n 8 | while IFS= read -r f; do
  echo "@@@ lego 0 $f"
  sed -e ':a' -e '/\\$/{N;s/\\\n/ /;ba' -e '}' "$f" | grep -E '(^|[ =/])lego ' | grep -v '^ *#' | head -n 4 | cut -c 1-2000 | sed 's/^/ /'
  ! grep -qE '(systemctl|service|nginx|apache2ctl|apachectl|docker|compose) .*(stop|down|quit)' "$f" || echo " stops = $f"
done 2>/dev/null
:
