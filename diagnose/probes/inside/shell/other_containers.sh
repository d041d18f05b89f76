# Prints the running containers but $2 that have the file $1: "holder ID", and their mounts: source, a tab, the
# point, and of a named volume another tab and its name.

m='{{range .Mounts}}{{.Source}}{{"\t"}}{{.Destination}}{{"\t"}}{{.Name}}{{println}}{{end}}'
for e in docker podman; do
  command -v $e >/dev/null 2>&1 || continue
  for id in $($e ps -q --no-trunc | grep -xE '[0-9a-f]{64}' | head -n 20); do
    [ "$id" != "$2" ] || continue
    pid=$($e inspect -f '{{.State.Pid}}' "$id")
    case $pid in [1-9]*) ;; *) continue ;; esac
    [ -f "/proc/$pid/root$1" ] || continue
    echo "holder $id"
    $e inspect -f "$m" "$id" | head -n 60
  done
done 2>/dev/null
:
