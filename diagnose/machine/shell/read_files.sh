# Functions that print files. $token is a word that no file contains, $limit the maximum number of
# bytes of a file.
# shellcheck disable=SC2154
#   (SC2154: token and limit are set before this text.)

# begin_item: prints the line before the files of one pattern.
begin_item() { printf '\n%s item\n' "$token"; }

# print_file PATH: prints the file after a line with the token, its state, time and path. For a
# symbolic link, a line with the link's destination comes first.
print_file() {
  if [ ! -e "$1" ]; then state="missing 0"
  elif [ ! -f "$1" ]; then state="special 0"
  elif [ ! -r "$1" ]; then state="denied 0"
  else
    # Fractions of a second show whether a change came before a start; busybox has none.
    time=$(stat -L -c %.Y -- "$1" 2>/dev/null)
    case $time in *[!0-9.]*|"") time=$(stat -L -c %Y -- "$1" 2>/dev/null || echo 0) ;; esac
    state="ok $time"
  fi
  [ -L "$1" ] && printf '\n%s link %s\n' "$token" "$(readlink -f -- "$1" 2>/dev/null)"
  printf '\n%s %s %s\n' "$token" "$state" "$1"
  case $state in ok*) head -c "$limit" -- "$1" 2>/dev/null || cat -- "$1" ;; esac
}
