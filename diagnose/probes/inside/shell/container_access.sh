# Prints for files of a container what file_access.sh prints for those of the server. $1 is not used, $2
# is the process that reads, as the server counts it. All ids are the server's; the head tells what the
# container calls them ("user NUMBER NAME") and which it has at all ("uid_map INNER OUTER COUNT",
# user_namespaces(7)). "link PATH" is a path of a part that leads through a link: what is on its way is
# listed by itself. Only metadata is read: of a container that exchanges a folder for a link meanwhile,
# the owner and the mode of another file would be told.
# shellcheck disable=SC2154
#   (SC2154: root and real are set before this text.)

who=$2; shift 2
echo "container"
while read -r k v r; do
  case $k in Uid:) echo "uid $v" ;; Gid:) g=$v ;; Groups:) echo "gids $g $v $r" ;;
    CapEff:) echo "caps $v" ;; esac
done <"/proc/$who/status"
sed 's/^/uid_map /' "/proc/$who/uid_map"
sed 's/^/gid_map /' "/proc/$who/gid_map"
if in_root /etc/passwd && [ -f "$root$real" ] && command exec 3<"$root$real"; then
  own_file && head -c 65536 <&3 | sed -n 's/^\([A-Za-z0-9_.-]*\):[^:]*:\([0-9]*\):.*/user \2 \1/p'
  exec 3<&-
fi

# part NAME: the line of a file or folder by a name of it, $root$real being the path without links.
part() {
  [ "$1" = "${real:-/}" ] || echo "link $1"
  facts=$(stat -c '%u %g %a %F|%C' -- "$root${real:-/}")
  [ "$facts" ] || return
  rest=${facts#* }
  echo "part ${facts%% *} ${facts%% *} ${rest%% *} ${rest%% *} ${rest#* }|$1"
  # shellcheck disable=SC2012
  #   (SC2012: only the bits are read.)
  case $(ls -ld -- "$root${real:-/}") in ??????????+*) echo "acl $1" ;; esac
}
for p; do
  echo "path $p"
  in_root "$p" || continue
  whole=${real:-/}
  for f in "$p" "$whole"; do
    d=$f
    while [ "$d" ]; do
      in_root "$d" && [ -e "$root$real" ] && part "$d"
      [ "$d" = / ] && break
      d=${d%/*}; d=${d:-/}
    done
    [ "$p" = "$whole" ] && break
  done
done 2>/dev/null; :
