# Prints the file of the path $1 below the first of the folders behind "--" that has it, if it has the text $2:
# "file PATH", the paths behind that text in it as "asked PATH", and which of these, and of the other arguments before
# "--", are files there: "there PATH".
path=$1 address=$2
shift 2
told=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  told="$told$1
"
  shift
done
shift
for d; do
  f=$d$path
  { [ -f "$f" ] && [ "$(readlink -f "$f")" = "$f" ]; } || continue
  { [ "$(stat -c %s -- "$f")" -le 8388608 ] && grep -qF -e "$address" -- "$f"; } || continue
  # A copy that was compressed before is sent in its place.
  { [ ! -e "$f.gz" ] && [ ! -e "$f.br" ]; } || continue
  echo "file $f"
  asked=$(grep -oE -e "$(printf '%s' "$address" | sed 's/[.]/[.]/g')/[A-Za-z0-9_./~-]{1,200}" -- "$f" | sort -u | head -n 9 | while IFS= read -r a; do echo "${a#"$address"}"; done)
  printf '%s\n%s' "$asked" "$told" | grep '^/' | sort -u | while IFS= read -r a; do
    echo "asked $a"
    case $a in *..*) ;; *) [ ! -f "$d$a" ] || echo "there $a" ;; esac
  done
  break
done 2>/dev/null
