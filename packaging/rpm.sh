#!/bin/sh
# dist/diagnose-https-VERSION-1.ARCHITECTURE.rpm, for EL9 and Fedora; rpmbuild of Debian builds it.
#
#   sh rpm.sh PYTHON FOLDER     PYTHON: of the development environment; the lowest that it will run on
set -eu
python=$1 folder=$2
here=$(cd "$(dirname "$0")" && pwd)
command -v rpmbuild >/dev/null || { echo "rpmbuild is missing (Debian: rpm)." >&2; exit 69; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM
: "${SOURCE_DATE_EPOCH:=$(git -C "$here" log -1 --format=%ct 2>/dev/null || date +%s)}"
export SOURCE_DATE_EPOCH

lowest=$("$python" -c 'import sys; print(sys.version_info.minor)')
version=$("$python" -c 'from diagnose._version import VERSION; print(VERSION)')
programs=
names=
for minor in 14 13 12 11; do
  [ "$minor" -ge "$lowest" ] || continue
  programs="$programs /usr/bin/python3.$minor"
  names="$names${names:+ or }/usr/bin/python3.$minor"
done
# shellcheck disable=SC2086 # words
sh "$here/stage.sh" "$work/stage" /usr/lib64/diagnose-https "$python" $programs
# Where zsh of Red Hat's looks.
mkdir -p "$work/stage/usr/share/zsh/site-functions"
mv "$work/stage/usr/share/zsh/vendor-completions/_diagnose" "$work/stage/usr/share/zsh/site-functions"
rmdir "$work/stage/usr/share/zsh/vendor-completions"

# gzip: rpm2cpio of every system reads it. The path of no folder of this machine goes in.
rpmbuild -bb --quiet --define "_topdir $work/rpm" --define "stage $work/stage" \
  --define "version $version" --define "pythons ($names)" --define "_binary_payload w9.gzdio" \
  --define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" \
  --define "build_mtime_policy clamp_to_source_date_epoch" "$here/rpm/diagnose-https.spec"
mkdir -p "$folder"
cp "$work"/rpm/RPMS/*/*.rpm "$folder"
ls "$folder"/diagnose-https-"$version"-*.rpm
