# Tries the way to a host and a port, as it is where this runs: the name, then up to three of its
# addresses at once. $1 is the host, $2 the port (0: the name alone), $3 a proxy (HOST:PORT) or "".
# The rest are files with the authorities that count; without any, those of the system. No request
# is sent: a connection, and a TLS handshake.
host=$1 port=$2 proxy=$3
shift 3
sed -n 's/^nameserver[[:space:]]\{1,9\}/nameserver /p' /etc/resolv.conf 2>/dev/null | head -n 4
case $host in
  *[!0-9.]*) case $host in *:*) found=$host ;; *) found= ;; esac ;;
  *) found=$host ;;
esac
if [ -z "$found" ] && [ -z "$proxy" ]; then
  lines=$(timeout 4 getent ahosts "$host" 2>/dev/null); code=$?
  echo "names $code"
  found=$(printf '%s\n' "$lines" | awk 'NF && !seen[$1]++ { print $1 }' | head -n 3)
fi
[ -z "$proxy" ] || found=$host
[ "$port" != 0 ] || exit 0
name=; case $host in *:*) ;; *[!0-9.]*) name=$host ;; esac
# A folder stands for its files. A pipe or a device would never end.
authorities=$(for file; do
  if [ -d "$file" ]; then cat -- "$file"/*; elif [ -f "$file" ]; then cat -- "$file"; fi
done 2>/dev/null | head -c 4000000)
attempt() {
  case $1 in *:*) at="[$1]:$port" ;; *) at="$1:$port" ;; esac
  at="-connect $at"
  [ -z "$proxy" ] || at="$at -proxy $proxy"
  [ -z "$name" ] || at="$at -servername $name -verify_hostname $name"
  shift
  # shellcheck disable=SC2086
  #   (SC2086: $at is several words.)
  if [ $# = 0 ]; then
    timeout 3 openssl s_client $at </dev/null 2>&1; code=$?
  elif [ -z "$authorities" ]; then
    timeout 3 openssl s_client $at -no-CAfile -no-CApath -no-CAstore </dev/null 2>&1; code=$?
  else
    printf '%s\n' "$authorities" | {
      exec 3<&0 </dev/null
      timeout 3 openssl s_client $at -CAfile /dev/fd/3 -no-CApath -no-CAstore 2>&1
    }; code=$?
  fi
  echo "code $code"
}
for each in $found; do
  # A name must not lead to a link, or to where a cloud hands out credentials.
  case $each in
    169.254.*|*:169.254.*|fe[89abAB]?:*|100.100.100.200|fd00:ec2:*|168.63.129.16|192.0.0.192) continue ;;
  esac
  (
    text=$(attempt "$each" "$@" | grep -aE \
      '^(CONNECTED|code |connect:|Verify return code|Verification|verify error| *[0-9] s:|   i:)|refused|unreachable|No route|timed out|HTTP CONNECT|wrong version|alert|error:' |
      cut -c 1-300 | head -n 24 | head -c 3600)
    printf '@@@ %s\n%s\n' "$each" "$text"
  ) &
done
wait
