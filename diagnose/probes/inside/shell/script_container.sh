# Arguments: the process of a container, and a path in it. Prints the mounts of this shell and of the
# process (mountinfo of proc_pid_mountinfo(5)), each after a line "@@@ name", and whether the path is
# there, in the container's own root (container_paths.sh).
# shellcheck disable=SC2154
#   (SC2154: root and real are set before this text.)

part() { printf '\n@@@ %s\n' "$1"; }
part ours; head -c 200000 /proc/self/mountinfo
part theirs; head -c 200000 "/proc/$1/mountinfo"
part path; if in_root "$2" && [ -e "$root$real" ]; then echo there; else echo missing; fi
