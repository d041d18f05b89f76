# Prints how many files and sockets each process has open that holds the listening TCP port $1, how
# many it may open, the service of systemd that it belongs to ("-" for none, and for one of a user's own systemd), and
# its name. Nothing is printed of a process whose files may not be read.
# shellcheck disable=SC2010,SC2012
#   (SC2010, SC2012: the names in /proc/PID/fd are numbers.)
for p in $(ss -ltnp "sport = :$1" 2>/dev/null |
  grep -o ',\(pid=\)\{0,1\}[0-9]*,' | tr -dc '0-9\n' | sort -nu | head -n 64); do
  n=$(ls "/proc/$p/fd" 2>/dev/null | wc -l)
  [ "$n" -gt 0 ] || continue
  s=$(ls -l "/proc/$p/fd" 2>/dev/null | grep -c ' socket:')
  l=$(sed -n 's/^Max open files  *\([a-z0-9]*\).*/\1/p' "/proc/$p/limits" 2>/dev/null)
  u=$(sed -n '/user[.]slice/d; s|^0::.*/\([^/]*[.]service\)$|\1|p' "/proc/$p/cgroup" 2>/dev/null | head -n 1)
  echo "$p $n $s ${l:-0} ${u:--} $(cat "/proc/$p/comm" 2>/dev/null)"
done
:
