# Arguments: the process of a container, a folder in it, and the path of a script below that. Prints
# the mounts of this shell and of the process (mountinfo of proc_pid_mountinfo(5)), each after a
# line "@@@ name", and whether the script is there, in the container's own root
# (container_paths.sh). If it is not: folders in which it is. "1 PATH" is below the folder; others
# are near the nearest folder above that is there: with the rest of the path one and two levels below
# ("2", "3"), without it that folder itself ("4") and one level below ("5").
# shellcheck disable=SC2154
#   (SC2154: root and real are set before this text.)

part() { printf '\n@@@ %s\n' "$1"; }
part ours; head -c 200000 /proc/self/mountinfo
part theirs; head -c 200000 "/proc/$1/mountinfo"
part path
if in_root "$2$3" && [ -e "$root$real" ]; then echo there; exit; fi
echo missing
part below
script=$3 count=0
# has LEVEL FOLDER: prints the folder if the script is in it.
has() { if in_root "$2$script" && [ -f "$root$real" ]; then echo "$1 $2"; fi; }
is_folder() { in_root "$1" && [ -d "$root$real" ]; }
if is_folder "$2"; then
  base=$root$real
  for folder in "$base"/*; do
    count=$((count+1)); [ "$count" -gt 100 ] && break
    has 1 "$2${folder#"$base"}"
  done
fi
above=${2%/*} rest=/${2##*/}
until [ ! "$above" ] || is_folder "$above"; do
  rest=/${above##*/}$rest above=${above%/*}
done
# Not in all of /srv or /var.
case $above in /*/*) ;; *) exit ;; esac
base=$root$real
has 4 "$above"
for folder in "$base"/* "$base"/*/*; do
  count=$((count+1)); [ "$count" -gt 400 ] && exit
  inner=${folder#"$base"}
  case $inner in
    /*/*) has 3 "$above$inner$rest" ;;
    *) has 2 "$above$inner$rest"; has 5 "$above$inner" ;;
  esac
done
