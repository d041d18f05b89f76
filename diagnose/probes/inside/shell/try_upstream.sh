# Arguments: host, port, scheme, path, server name ("": none), Host field, then addresses. Tries the
# given addresses, or all addresses of the host, one by one; one that begins with a slash is a Unix
# socket. Each connection has four seconds; a silent application then has two (-y, -Y). curl's -v
# output goes to stdout.
# shellcheck disable=SC2046
#   (SC2046: the addresses are wanted one by one.)

n=$1 p=$2 s=$3 w=$4 h=$5 f=$6; shift 6
command -v curl >/dev/null || exit 127
if [ $# = 0 ]; then
  set -- $(getent ahosts "$n" 2>/dev/null | awk '!met[$1]++ {print $1}' | head -n 3)
  [ $# -gt 0 ] || set -- "$n"
fi
for a; do
  case $a in *:*) b="[$a]" ;; *) b=$a ;; esac
  u="$s://$b:$p$w"
  set -- -sSkv -o /dev/null --http1.1 --connect-timeout 4 -m 6 -y 2 -Y 1 -H "Host: $f"
  case $a in /*) u="$s://localhost$w"; set -- "$@" --unix-socket "$a" ;; esac
  [ -z "$h" ] || { u="$s://$h:$p$w"; set -- "$@" --resolve "$h:$p:$b"; }
  echo "address $a"; curl "$@" "$u" 2>&1; echo
done; :
