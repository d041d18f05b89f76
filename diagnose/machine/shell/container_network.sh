# Runs a program of the server in the network of a container, with the names that it knows. $1 is a
# process of the container, $2 its /etc/hosts and $3 its /etc/resolv.conf; the rest is the command.
# Copies of the two files are laid over the server's, for this command alone (mount_namespaces(7)). What
# answers names on the server otherwise, such as nscd or systemd-resolved, is in /run and hidden.
pid=$1; shift
# shellcheck disable=SC2016
#   (SC2016: the inner shell expands them.)
exec nsenter -t "$pid" -n unshare -m sh -c '
  hosts=$1 resolv=$2; shift 2
  for name in hosts resolv.conf nsswitch.conf; do
    eval "target_${name%%.*}=\$(readlink -f /etc/$name)"
  done
  mount -t tmpfs -o mode=755 none /run || exit 127
  lay() {
    case $2 in
      /run/*|/var/run/*) mkdir -p "${2%/*}"; cp "$1" "$2" ;;
      *) [ ! -e "$2" ] || mount --bind "$1" "$2" ;;
    esac
  }
  printf "%s" "$hosts" >/run/hosts; lay /run/hosts "$target_hosts"
  printf "%s" "$resolv" >/run/names; lay /run/names "$target_resolv"
  echo "hosts: files dns" >/run/nsswitch; lay /run/nsswitch "$target_nsswitch"
  exec "$@"
' sh "$@"
