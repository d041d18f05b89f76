# Prints the largest log of the file system on which the folder $1 is: "SIZE PATH", in blocks of 512
# bytes, of /var/log and of what Docker keeps of its containers, and "container NAME" behind that of
# a container.

d=$(stat -c %d -- "$1")
l=$(for f in /var/log /var/lib/docker/containers; do
  [ "$(stat -c %d -- "$f")" = "$d" ] || continue
  timeout 3 find "$f" -xdev -maxdepth 5 -type f '(' -name '*.log' -o -name '*.out' -o -name '*_log' -o -name syslog ')' \
    -size +1M -printf '%b %p\n'
done 2>/dev/null | sort -rn | head -n 1)
[ -n "$l" ] || exit 0
echo "$l"
case $l in
  */docker/containers/*/*-json.log)
    sed -n 's/.*"Name":"\/\{0,1\}\([A-Za-z0-9_.-]*\)".*/container \1/p' "$(dirname "${l#* }")/config.v2.json" | head -n 1 ;;
esac 2>/dev/null
:
