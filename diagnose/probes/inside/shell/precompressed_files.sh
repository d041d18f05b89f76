# Prints a line for each compressed copy (.gz, .br, .zst) that is older than its file: by how many
# seconds, whether its content is another ("differs", "same", "unknown"), and the path of the copy.
# Files of more than four mebibytes are not compared. In a container `in_root` finds them
# (container_paths.sh).
# shellcheck disable=SC2154
#   (SC2154: root and real are set by in_root.)
place() {
  file=$1
  [ -z "$pid" ] || { in_root "$1" && file=$root$real; }
}
for path; do
  { place "$path" && [ -f "$file" ]; } || continue
  own=$file
  time=$(stat -L -c %Y -- "$own")
  size=$(stat -L -c %s -- "$own")
  [ "$size" ] || continue
  for kind in gz:gzip br:brotli zst:zstd; do
    copy=$path.${kind%:*}
    { place "$copy" && [ -f "$file" ]; } || continue
    age=$((time - $(stat -L -c %Y -- "$file")))
    [ "$age" -gt 0 ] || continue
    result=unknown
    if [ "$size" -le 4194304 ] && command -v "${kind#*:}" >/dev/null; then
      if "${kind#*:}" -dc <"$file" | head -c 4194305 | cmp -s - "$own"; then
        result=same
      else
        result=differs
      fi
    fi
    echo "$age $result $copy"
  done
done 2>/dev/null
:
