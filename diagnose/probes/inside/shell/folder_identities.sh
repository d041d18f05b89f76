# Prints a line for each path: device and number of the deepest folder that is there, and the rest of
# the path. Two paths with the same line are the same place, whatever links and mounts lead there.
# The tools remove the folder of challenges after each renewal.
for path in "$@"; do
  rest=
  while [ ! -d "$path/." ] && [ "$path" ]; do
    rest=/${path##*/}$rest
    path=${path%/*}
  done
  identity=$(stat -L -c %d:%i -- "$path/." 2>/dev/null)
  echo "${identity:+$identity $rest}"
done
:
