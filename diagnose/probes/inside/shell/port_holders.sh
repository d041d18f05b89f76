# Prints /proc/PID/stat of the processes that hold the listening TCP port $1, one a line.
for p in $(ss -ltnp "sport = :$1" 2>/dev/null |
  grep -o ',\(pid=\)\{0,1\}[0-9]*,' | tr -dc '0-9\n' | head -n 100); do
  cat "/proc/$p/stat" 2>/dev/null
done
:
