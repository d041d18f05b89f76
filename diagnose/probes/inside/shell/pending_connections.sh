# Prints the connections that the programs behind $1 (a port or a Unix socket) and their children open in
# vain, and their questions to a name server: those that are the same a second later. Of each: "tcp" or
# "dns", the peer, the pid and the name of the program. Nothing is sent.
# shellcheck disable=SC2013,SC2046
#   (SC2013, SC2046: the children are a list of numbers.)

holders() {
  case $1 in
    /*) ss -Hlxp src "$1" ;;
    *) ss -Hltnp "sport = :$1" ;;
  esac | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 32 | while read -r p; do
    echo "$p"
    for c in $(cat "/proc/$p/task/"*/children); do echo "$c"; done
  done | sort -un | head -n 128
}
# A socket has one line; several programs may hold it.
sockets() {
  ss -Htnp state syn-sent | sed 's/^/tcp /'
  ss -Hunp state established 'dport = :53' | sed 's/^/dns /'
}
own=$(holders "$1")
[ -n "$own" ] || exit 0
first=$(sockets)
[ -n "$first" ] || exit 0
sleep 1
# Of the first reading and the second the local address is compared too.
sockets | while read -r kind _ _ from to users; do
  echo "$first" | awk -v f="$from" -v t="$to" '$4 == f && $5 == t { ok = 1 } END { exit !ok }' || continue
  echo "$users" | grep -o '"[^"]*",pid=[0-9]*' | while IFS=, read -r name pid; do
    echo "$own" | grep -qx "${pid#pid=}" || continue
    name=${name#?}
    echo "$kind $to ${pid#pid=} ${name%?}"
    break
  done
done | awk '!seen[$1 $2]++' | head -n 8
:
