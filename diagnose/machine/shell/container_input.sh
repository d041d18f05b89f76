# Runs a program of the server with a file of the container as its standard input: $1 is the file.
# shellcheck disable=SC2154
#   (SC2154: root and real are set before this text.)
file=$1; shift
if in_root "$file" && [ -f "$root$real" ] && command exec 3<"$root$real" && own_file; then
  exec "$@" <&3
fi
echo "$file: no such file in the container" >&2; exit 66
