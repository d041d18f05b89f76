#!/bin/sh
# Isolated (-I): neither PYTHONPATH nor a module of the user changes what runs, perhaps as root.
# shellcheck disable=SC2043 # the list is filled in by stage.sh
for python in @PYTHONS@; do
  if [ -x "$python" ]; then exec "$python" -I @LIBDIR@ "$@"; fi
done
echo "diagnose: Python 3.11 or newer is missing: @PYTHONS@" >&2
exit 70
