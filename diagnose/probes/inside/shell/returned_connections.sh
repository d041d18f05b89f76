# Opens three connections to an address and port (arguments) with bash's /dev/tcp, and lists this
# machine's connections: those with that address before, all while the first is open, and those with
# the address a moment after the last.

peers() { ss -Htn state connected dst "$1" 2>/dev/null | head -c 200000; }
peers "$1"
echo "@ open"
# shellcheck disable=SC3025
exec 3<>"/dev/tcp/$1/$2" && ss -Htn state established 2>/dev/null | head -c 1000000
echo "@ later"
# shellcheck disable=SC3025
exec 4<>"/dev/tcp/$1/$2" && exec 5<>"/dev/tcp/$1/$2" && sleep 0.4 && peers "$1"
