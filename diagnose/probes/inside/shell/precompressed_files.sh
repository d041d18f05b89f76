# Prints a line for each compressed copy (.gz, .br, .zst) that is older than its file: by how many
# seconds, whether its content is another ("differs", "same", "unknown"), and the path of the copy.
# Files of more than four mebibytes are not compared.
for path; do
  [ -f "$path" ] || continue
  time=$(stat -L -c %Y -- "$path")
  size=$(stat -L -c %s -- "$path")
  [ "$size" ] || continue
  for kind in gz:gzip br:brotli zst:zstd; do
    copy=$path.${kind%:*}
    [ -f "$copy" ] || continue
    age=$((time - $(stat -L -c %Y -- "$copy")))
    [ "$age" -gt 0 ] || continue
    result=unknown
    if [ "$size" -le 4194304 ] && command -v "${kind#*:}" >/dev/null; then
      if "${kind#*:}" -dc <"$copy" | head -c 4194305 | cmp -s - "$path"; then
        result=same
      else
        result=differs
      fi
    fi
    echo "$age $result $copy"
  done
done 2>/dev/null
:
