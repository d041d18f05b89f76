# Runs curl (the arguments), and kills it after the header of a 101 response: curl does not exit while
# an accepted WebSocket is open. The wrapper prints curl's process id first, then forwards its -v
# output.

cr=$(printf '\r')
{ sh -c 'echo $$; exec "$@" 2>&1 >&3' sh "$@" | {
  read -r pid
  while IFS= read -r line; do
    printf '%s\n' "$line" >&2
    case $line in
    '< HTTP/'*' 101'*) up=1 ;;
    '<'|'< '|"< $cr") [ "$up" ] && kill "$pid" 2>/dev/null ;;
    esac
  done
}; } 3>&1; :
