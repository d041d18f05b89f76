# Prints files of a container, like read_files.sh. $token and $limit are those of that script;
# the arguments are patterns.
# shellcheck disable=SC2154
#   (SC2154: token, limit, root and real are set before this text.)
inner_file() {
  if ! in_root "$1"; then
    case $real in
      /proc/*|/dev/*|/sys/*) printf '\n%s special 0 %s\n' "$token" "$1" ;;
      *) printf '\n%s missing 0 %s\n' "$token" "$1" ;;
    esac
    return
  fi
  file=$root$real
  if [ ! -e "$file" ]; then state=missing
  elif [ ! -f "$file" ]; then state=special
  elif [ ! -r "$file" ] || ! command exec 3<"$file"; then state=denied
  elif ! own_file; then state=denied; exec 3<&-
  else state=ok
  fi
  time=0
  if [ "$state" = ok ]; then
    time=$(stat -L -c %.Y "/proc/self/fd/3" 2>/dev/null)
    case $time in *[!0-9.]*|'') time=$(stat -L -c %Y "/proc/self/fd/3" 2>/dev/null || echo 0) ;; esac
    [ "$real" = "$1" ] || printf '\n%s link %s\n' "$token" "$real"
  fi
  printf '\n%s %s %s %s\n' "$token" "$state" "$time" "$1"
  if [ "$state" = ok ]; then head -c "$limit" <&3; exec 3<&-; fi
}
for pattern; do
  printf '\n%s item\n' "$token"
  case $pattern in *[*?[]*) ;; *) inner_file "$pattern"; continue ;; esac
  folder=${pattern%%[*?[]*}; folder=${folder%/*}; rest=${pattern#"$folder"}
  in_root "$folder" || continue
  IFS=
  # shellcheck disable=SC2086
  #   (SC2086: the rest of a pattern is to be matched.)
  for match in "$root$real"$rest; do
    unset IFS
    [ -e "$match" ] || [ -L "$match" ] || continue
    name=$folder${match#"$root$real"} was=$real
    inner_file "$name"
    real=$was
  done
  unset IFS
done 2>/dev/null; :
