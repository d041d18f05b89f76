# Gives `starter PID`: it prints what may start again a program that listens at $at, of which $l are the lines of
# ss: "endpoint PORT", "digest CKSUM-SIZE", "title WORDS" and "program FILE" of its topmost process, "user NAME",
# "group NUMBER", "folder PATH", "output FILE", "alike NUMBER" (how many processes of the user have its command
# line, where the tools of a restart are here), "pm2 PATH", the variables of managers of processes, "manager
# NAME=VALUE", and "above NAME FOLDER WORDS" of each process above it. Nothing else of its environment is printed.
# shellcheck disable=SC2154
#   (SC2154: the script that comes behind it sets them.)

# Whether a service of systemd ends and begins with the program: it is not what starts programs of others.
is_own() {
  case $1 in ''|user@*|cron.service|crond.service|atd.service|rc-local.service|ssh.service|sshd.service) return 1 ;; esac
  case $1 in supervisor*|pm2-*|monit.service|runit.service) return 1 ;; esac
}
# Whether a folder and a program in it belong to root or to a user, and nobody else may write to them: as this user a
# report lets the program run.
is_trusted() { [ -z "$(find -L "$1" "$2" -prune \( ! -user root ! -user "$3" -o -perm -002 \) 2>&1)" ]; }
up() { sed 's/.*) . //' "/proc/$1/stat" | cut -d' ' -f1; }
starter() {
  t=$1 c=$1
  while c=$(up "$c") && [ "${c:-0}" -gt 1 ]; do
    if cmp -s "/proc/$c/cmdline" "/proc/$t/cmdline" || echo "$l" | grep -q "pid=$c,"; then t=$c; fi
  done
  echo "digest $(cksum <"/proc/$t/cmdline" | tr ' ' -)"
  echo "endpoint $at"
  printf 'title '
  head -c 4096 "/proc/$t/cmdline" | tr '\n\0' '\001\n' | head -n 60 | tr '\n' '\037'
  echo
  echo "program $(readlink "/proc/$t/exe")"
  echo "user $(stat -c %U "/proc/$t")"
  echo "group $(stat -c %g "/proc/$t")"
  echo "folder $(readlink "/proc/$t/cwd")"
  o=$(readlink "/proc/$t/fd/1")
  if [ -f "$o" ] || [ "$o" = /dev/null ]; then echo "output $o"; fi
  if type bash setsid setpriv timeout >/dev/null 2>&1; then
    e=$(tr '\n\0' '\001 ' <"/proc/$t/cmdline" | sed 's/ $//; s/[][\\.*^$+?(){}|]/\\&/g')
    echo "alike $(pgrep -c -u "$(stat -c %u "/proc/$t")" -xf "$e")"
  fi
  head -c 131072 "/proc/$t/environ" | tr '\n\0' ' \n' |
    grep -E '^(SUPERVISOR_(PROCESS|GROUP)_NAME|pm_id|PM2_HOME|RC_SVCNAME|MONIT_SERVICE|(WERKZEUG_)?RUN_MAIN|DJANGO_AUTORELOAD_ENV)=' | sed 's/^/manager /' | cut -c 1-300
  for d in $(head -c 131072 "/proc/$t/environ" | tr '\0' '\n' | sed -n 's/^PATH=//p' | tr : ' ') /usr/local/bin /usr/bin; do
    if [ -x "$d/pm2" ] && is_trusted "$d" "$d/pm2" "$(stat -c %U "/proc/$t")"; then echo "pm2 $d/pm2"; break; fi
  done
  while t=$(up "$t") && [ "${t:-0}" -gt 1 ]; do
    echo "above $(tr ' ' - <"/proc/$t/comm") $(readlink "/proc/$t/cwd") $(head -c 300 "/proc/$t/cmdline" | tr '\n\0' '  ')"
  done | head -n 8
}
