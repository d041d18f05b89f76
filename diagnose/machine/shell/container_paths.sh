# Functions for files of a container, which may be hostile. $pid is one of its processes. Its paths are
# resolved here, because the kernel would lead an absolute link to the server's own files
# (path_resolution(7)); openat2(2) has RESOLVE_IN_ROOT for the same, and no shell has openat2.
# shellcheck disable=SC2154
#   (SC2154: pid is set before this text.)
root=/proc/$pid/root
# The ids of the container's mounts are of no other (proc_pid_mountinfo(5)).
mounts=" $(cut -d ' ' -f 1 "/proc/$pid/mountinfo" 2>/dev/null | tr '\n' ' ') "

# in_root PATH: sets $real to the path inside the container without links. Fails for a loop, and for
# what is no file on a disk.
in_root() {
  todo=$1 real='' hops=0
  while [ "$todo" ]; do
    part=${todo%%/*}
    case $todo in */*) todo=${todo#*/} ;; *) todo='' ;; esac
    case $part in ''|.) continue ;; ..) real=${real%/*}; continue ;; esac
    if [ -L "$root$real/$part" ]; then
      hops=$((hops+1)); [ "$hops" -gt 40 ] && return 1
      link=$(readlink "$root$real/$part") || return 1
      case $link in /*) real='' ;; esac
      todo=$link/$todo
    else
      real=$real/$part
    fi
    case $real in /proc|/dev|/sys) real=$real/$todo; return 1 ;; esac
  done
}

# own_file: file descriptor 3 is a file of one of the container's mounts. A container that exchanged
# a folder for a link after in_root led to another mount (proc_pid_fdinfo(5), mnt_id).
own_file() {
  id=$(sed -n 's/^mnt_id:[[:space:]]*//p' /proc/self/fdinfo/3 2>/dev/null)
  case $mounts in *" ${id:-none} "*) ;; *) return 1 ;; esac
}
