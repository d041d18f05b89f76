# Arguments: the process of a container, and a path in it. Prints the mounts of this shell and of the
# process (mountinfo of proc_pid_mountinfo(5)), each after a line "@@@ name", and whether the path is
# there.

part() { printf '\n@@@ %s\n' "$1"; }
part ours; head -c 200000 /proc/self/mountinfo
part theirs; head -c 200000 "/proc/$1/mountinfo"
part path; [ -e "/proc/$1/root$2" ] && echo there || echo missing
