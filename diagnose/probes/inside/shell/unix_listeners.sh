# Defines `listening PATH`, which prints the Unix sockets on which some process of this network namespace
# listens (proc(5), /proc/net/unix: the flag __SO_ACCEPTCON), if their file is there, and PATH whether
# its file is there or not.
# shellcheck disable=SC2034
#   (The fields that are not used.)

listening() {
  while read -r number references protocol flags type state inode path; do
    case $flags$path in 00010000/*) ;; *) continue ;; esac
    if [ "$path" = "$1" ] || [ -S "$path" ]; then echo "listens $path"; fi
  done </proc/net/unix | sort -u | head -n 50
}
