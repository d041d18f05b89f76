# Arguments: host, port, path of a Unix socket ("": none), bytes as an argument of printf. Sends the
# bytes and prints the first sixteen of the answer in hexadecimal. curl's telnet sends what it reads,
# and ends with its input.

command -v curl >/dev/null || exit 127
u="telnet://$1:$2"
set -- "$3" "$4"
if [ -n "$1" ]; then
  { printf '%b' "$2"; sleep 1; } | curl -sS -m 2 --unix-socket "$1" telnet://localhost:1 | od -An -tx1 -N16
else
  { printf '%b' "$2"; sleep 1; } | curl -sS -m 2 "$u" | od -An -tx1 -N16
fi; :
