# A host that boots systemd, over a copy of this system that lasts as long as it does.
#
#   sh machine.sh NAME SHARED...       every SHARED folder is the same inside as outside
#
# It is the first process of mount, PID, network, UTS, IPC and cgroup namespaces. A line on standard
# input kills them all, and boots the same files anew, as after a power cut. When standard input
# closes, all of it ends. The laboratory's own Host is lighter; this one has a service manager.
set -e
boot=$(dirname "$0")/boot.sh
group=/run/lab-cgroup
mkdir -p $group
mount -t cgroup2 cgroup2 $group
own=$group/lab-$$
mkdir "$own"
remove() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true; }
# Its processes end a little after the first of them.
end() {
  tries=0
  while [ -d "$own" ] && [ $((tries += 1)) -lt 30 ]; do remove "$own"; sleep 0.1; done
}
trap end EXIT
for left in "$group"/lab-*; do [ -e "/proc/${left##*-}" ] || remove "$left"; done
# The files outlive a boot.
mount -t tmpfs lab /mnt

# Here alone: what is started next belongs to it, and this shell goes back before it is taken away.
start() {
  echo 0 > "$own/cgroup.procs"
  setpriv --pdeathsig KILL unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child \
    --propagation private sh "$boot" "$@" </dev/null &
  echo 0 > $group/cgroup.procs
  echo "$! lab-$$"
}
cut_power() {
  kill -KILL $! 2>/dev/null || true
  wait 2>/dev/null || true
}
start "$@"
while read -r _; do
  cut_power
  end
  mkdir -p "$own"
  start "$@"
done
cut_power
