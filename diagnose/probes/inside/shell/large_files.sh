# Prints the large files of the file system of a folder ($1), those of at least $2 KiB: "file BYTES PATH", for the
# journal of systemd "journal BYTES PATH", and "deleted BYTES UNIT PATH" for a file that is deleted and that a process
# keeps open, which holds its room.

m=$(stat -c %m -- "$1") && v=$(stat -c %d -- "$m") || exit 0
{
  timeout 5 find "$m" -xdev -type f -size +"$2"k ! -path '*/log/journal/*' -printf 'file %s %p\n' | sort -k2,2rn | head -n 12
  for j in /var/log/journal /run/log/journal; do
    [ -d "$j" ] && [ "$(stat -c %d -- "$j")" = "$v" ] && echo "journal $(($(timeout 3 du -sk -- "$j" | cut -f1) * 1024)) $j"
  done
  timeout 3 find /proc/[0-9]*/fd -maxdepth 1 -type l -lname '/* (deleted)' | head -n 200 | while IFS= read -r f; do
    [ "$(stat -L -c %d -- "$f")" = "$v" ] || continue
    s=$(stat -L -c %s -- "$f")
    [ "${s:-0}" -ge $(($2 * 1024)) ] || continue
    p=${f#/proc/} p=${p%%/*}
    u=$(sed -n 's|.*/\([^/]*\.service\)$|\1|p' "/proc/$p/cgroup" | tail -n 1)
    echo "deleted $s ${u:--} $(readlink "$f" | sed 's/ (deleted)$//')"
  done | sort -u | sort -k2,2rn | head -n 6
} 2>/dev/null
:
