# Prints the clock, then the end of each log. Each log line follows a space, so that no line can be
# mistaken for one of the script's own. Rejected configurations ([emerg]) are searched further back,
# and in the previous log too.
# shellcheck disable=SC2015
#   (SC2015: `a && b || continue` is meant as it stands.)

unset TZ; date '+now %s %Y/%m/%d %H:%M:%S'
for f; do
  if [ -f "$f" ] && [ -r "$f" ]; then
    echo "log $(stat -L -c %s -- "$f" 2>/dev/null)"
    tail -c 65536 -- "$f" | sed 's/^/ /'; echo
    for r in "$f.1" "$f"; do
      [ -f "$r" ] && [ -r "$r" ] || continue
      tail -c 4194304 -- "$r" | sed -n '/ \[emerg\] /s/^/ /p' | tail -n 8
    done
  elif [ -f "$f" ]; then echo denied
  elif [ -e "$f" ]; then echo special
  elif [ "$(id -u)" = 0 ] || [ -x "${f%/*}" ]; then echo missing
  else echo denied
  fi
done 2>/dev/null; :
