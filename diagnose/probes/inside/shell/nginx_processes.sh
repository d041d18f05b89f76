# Prints the clock, the uptime, our own mount namespace, our user, the installed programs among the
# arguments, and for every nginx process: proc_pid_stat(5), title, program, mount namespace, user, and
# what separates a container from this system ("its"; "own" is ours, for comparison). Then it prints
# the builds of the programs that may be probed. A process of a user other than root or us may call
# itself nginx and be anything: its program is not run, and its title is kept to one line, so that it
# cannot imitate the entry of another process.

# The uptime first: a pause after it makes a process look younger, never older.
read -r up _ </proc/uptime; date +%s.%N; echo "$up"; own=$(readlink /proc/self/ns/mnt); echo "$own"
user() { while read -r k u _; do [ "$k" = Uid: ] && echo "$1 $u" && break; done < "$2/status"; }
me=$(user self /proc/self 2>/dev/null); echo "$me"
flat() { tr '\0\n' '  '; }
view() {
  r=$(stat -L -c %d:%i "$2/root"); echo "$1 root $r"; echo "$1 pid $(readlink "$2/ns/pid")"
  echo "$1 net $(readlink "$2/ns/net")"; sed "s/^/$1 cgroup /" "$2/cgroup"
}
mounts() { cut -d ' ' -f 3-5 "$2/mountinfo" | head -n 2000 | sed "s/^/$1 mount /"; }
view own /proc/self 2>/dev/null; root=$r
build() {
  case "$built" in *":$1:"*) return ;; esac
  built=$built:$1:; [ -x "$1" ] && echo "build $1" && "$1" -V 2>&1 && echo "built"
}
for b in "$(command -v nginx)" "$@"; do [ -x "$b" ] && echo "program $b" && f=${f:-$b}; done
for d in /proc/[0-9]*; do
  c=; read -r c < "$d/comm" || continue
  case $c in nginx|openresty|tengine|angie|freenginx|nginx-rc|nginx-sp|nginx-debug) ;; *) continue ;; esac
  echo "process $(flat < "$d/stat")"; t=$(flat < "$d/cmdline"); echo "$t"
  e=$(readlink "$d/exe"); printf %s "$e" | flat; echo; n=$(readlink "$d/ns/mnt"); echo "$n"
  u=$(user user "$d"); echo "$u"
  case $t in *"master process"*) ;; *) continue ;; esac
  view its "$d"; [ "$n" = "$own" ] || [ -z "$n" ] || { mounts its "$d"; other=yes; }
  case ${u#user } in 0|"${me#self }") [ "$r" = "$root" ] && [ -n "$e" ] && build "$e" ;; esac
done 2>/dev/null
[ -z "$other" ] || mounts own /proc/self 2>/dev/null
[ -n "$built" ] || build "$f"; :
