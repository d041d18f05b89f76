# Prints the identity of a user ($1) or process ($2), then for each file the folders on its path, both
# as written and with links resolved. A "+" after the mode bits is an access control list (acl(5)),
# which the bits do not show.

who=$1; pid=$2; shift 2
if [ -n "$pid" ]; then
  while read -r k v r; do
    case $k in Uid:) echo "uid $v" ;; Gid:) g=$v ;; Groups:) echo "gids $g $v $r" ;;
      CapEff:) echo "caps $v" ;; esac
  done < "/proc/$pid/status"
  stat -c 'name %U %G' "/proc/$pid"
elif [ -n "$who" ]; then
  echo "uid $(id -u "$who")"; echo "gids $(id -G "$who")"; echo "name $who $(id -gn "$who")"
fi
s=$(cat /sys/fs/selinux/enforce) && echo "selinux $s"
for p; do
  echo "path $p"
  for f in "$p" "$(readlink -f -- "$p")"; do
    d=$f
    while [ -n "$d" ]; do
      stat -L -c 'part %u %U %g %G %a %F|%C|%n' -- "$d"
      case $(ls -ldL -- "$d") in ??????????+*) echo "acl $d" ;; esac
      [ "$d" = / ] && break
      d=${d%/*}; [ -n "$d" ] || d=/
    done
  done
  [ "$s" = 1 ] && echo "default $(matchpathcon -n "$p")"
done 2>/dev/null; :
