#!/bin/sh
# The quick part of the suite with other libraries or another Python, in an environment of its own.
#
#   sh suite.sh PYTHON LIBRARIES [PYTEST-ARGUMENT...]
#
# LIBRARIES: lowest (the lower bounds of pyproject.toml), pinned (constraints.txt) or newest.
set -eu
python=$1 libraries=$2
shift 2
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM

"$python" -m venv "$work/venv"
case $libraries in
  lowest)
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check packaging
    "$work/venv/bin/python" -P "$source/packaging/lowest.py" >"$work/constraints.txt" ;;
  pinned) cp "$source/constraints.txt" "$work" ;;
  newest) : >"$work/constraints.txt" ;;
  *) echo "suite.sh: lowest, pinned or newest, not $libraries" >&2; exit 64 ;;
esac
cd "$source"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  -c "$work/constraints.txt" -e '.[dev]'
[ $# -gt 0 ] || set -- tests/cli tests/outputs
"$work/venv/bin/python" -m pytest -q -p no:cacheprovider "$@"
