# Prints the large files of the file system of a folder ($1), those of at least $2 KiB: "file USER BYTES PATH", for the
# journal of systemd "journal - BYTES PATH", and "deleted UNIT BYTES PATH" for a file that is deleted and that a process
# keeps open, which holds its room. USER is who may empty the file and can put nothing else in its place: root, or the
# owner of the file and of the folders above it that are not root's; "-" where other users may write to one of these.

m=$(stat -c %m -- "$1") && v=$(stat -c %d -- "$m") || exit 0
# Whose a file is with the folders above it.
holder() {
  f=$1 o=$(stat -c %U -- "$1") h=root
  while f=${f%/*} && [ -n "$f" ]; do
    s=$(stat -c '%U %A' -- "$f") || return
    # In a folder with the sticky bit nobody takes away what is another one's.
    case $s in root\ d???????-? | root\ d????????[tT]) ;; "$o "d???????-?) h=$o ;; *) h=- && break ;; esac
  done
  echo "$h"
}
line='
'
{
  timeout 5 find "$m" -xdev -type f -size +"$2"k ! -path '*/log/journal/*' ! -path "*$line*" -printf '%s %p\n' |
    sort -k1,1rn | head -n 12 | while IFS= read -r f; do
    echo "file $(holder "${f#* }") $f"
  done
  for j in /var/log/journal /run/log/journal; do
    [ -d "$j" ] && [ "$(stat -c %d -- "$j")" = "$v" ] && echo "journal - $(($(timeout 3 du -sk -- "$j" | cut -f1) * 1024)) $j"
  done
  timeout 3 find /proc/[0-9]*/fd -maxdepth 1 -type l -lname '/* (deleted)' ! -lname "*$line*" | head -n 200 | while IFS= read -r f; do
    [ "$(stat -L -c %d -- "$f")" = "$v" ] || continue
    s=$(stat -L -c %s -- "$f")
    [ "${s:-0}" -ge $(($2 * 1024)) ] || continue
    p=${f#/proc/} p=${p%%/*}
    u=$(sed -n 's|^[0-9]*:[^:]*:/system\.slice/\(.*/\)\{0,1\}\([^/]*\.service\)$|\2|p' "/proc/$p/cgroup" | tail -n 1)
    echo "deleted ${u:--} $s $(readlink "$f" | sed 's/ (deleted)$//')"
  done | sort -u | sort -k3,3rn | head -n 6
} 2>/dev/null
:
