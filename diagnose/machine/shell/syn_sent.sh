# Lists the connection attempts to address $1 and port $2 that have no answer yet.

sleep 0.1 2>/dev/null || sleep 1
case $1 in *:*) address="[$1]" ;; *) address=$1 ;; esac
ss -Htn state syn-sent dst "$address" dport = ":$2" 2>/dev/null
