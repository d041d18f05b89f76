# Prints the user of nginx's workers: that of a worker of the master $1, else the user $2. Where $2 is
# "/", $1 is another server: the user is that of its first child, else its own, and "root" and its root
# folder follow, if it is in one (chroot). Then it prints the permissions of each socket and of the folders above it. For a socket that is missing, or on
# which nobody listens, it lists those that are listening (unix_listeners.sh).
# shellcheck disable=SC2012,SC2013,SC2086
#   (SC2012: of `ls` only the first fields are read. SC2013, SC2086: these are lists of numbers.)

m=$1 u=$2; shift 2
o=; [ "$u" = / ] && o=$m
for w in $(cat "/proc/$m/task/$m/children" 2>/dev/null) $o; do
  case $(tr '\0' ' ' < "/proc/$w/cmdline") in
  *"shutting down"*) continue ;;
  *"worker process"*) ;;
  *) [ "$o" ] || continue ;;
  esac
  s=$(cat "/proc/$w/status"); u=$(ls -ld "/proc/$w" | awk '{print $3}')
  [ "$o" ] && r=$(readlink "/proc/$w/root")
  break
done 2>/dev/null
if [ -n "$s" ]; then
  n=$(echo "$s" | awk '/^Uid:/ {print $3}')
  g=$(echo "$s" | awk '/^Gid:/ {print $3} /^Groups:/ {$1 = ""; print}')
else n=$(id -u "$u" 2>/dev/null); g=$(id -G "$u" 2>/dev/null)
fi
echo "user" $n $u; echo "groups" $g; [ "${r:-/}" = / ] || echo "root $r"
for f; do
  echo "socket $f"; echo "group $(ls -ldL "$f" 2>/dev/null | awk '{print $4}')"
  l=$(listening "$f")
  { [ -S "$f" ] && echo "$l" | grep -qxF "listens $f"; } || echo "$l"
  d=$f; while :; do
    ls -ldnL "$d" 2>&1 | head -n 1; [ "$d" = / ] || [ "$d" = . ] && break; d=$(dirname "$d")
  done
done; :
