#!/bin/sh
# dist/diagnose-https_VERSION_ARCHITECTURE.deb
#
#   sh deb.sh PYTHON FOLDER     PYTHON: of the development environment; the lowest that it will run on
set -eu
python=$1 folder=$2
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM
root=$work/root
docs=$root/usr/share/doc/diagnose-https
: "${SOURCE_DATE_EPOCH:=$(git -C "$here" log -1 --format=%ct 2>/dev/null || date +%s)}"
export SOURCE_DATE_EPOCH

sh "$here/stage.sh" "$root" /usr/lib/diagnose-https "$python" /usr/bin/python3
version=$("$python" -c "from diagnose._version import VERSION; print(VERSION)")
architecture=$(dpkg --print-architecture)
lowest=$("$python" -c 'import sys; print("3.%d" % sys.version_info.minor)')

cp "$here/debian/README.Debian" "$docs"
cp "$here/../CHANGELOG.md" "$docs"
{
  printf 'diagnose-https (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n' "$version"
  printf ' -- %s  %s\n' "$(sed -n 's/^Maintainer: //p' "$here/debian/control")" \
    "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$docs/changelog.gz"
mkdir -p "$root/usr/share/lintian/overrides" "$root/DEBIAN"
cp "$here/debian/lintian-overrides" "$root/usr/share/lintian/overrides/diagnose-https"
size=$(du -sk --apparent-size "$root/usr" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" \
  -e "s/@LOWEST@/$lowest/" "$here/debian/control" >"$root/DEBIAN/control"
for script in postinst prerm postrm; do
  cp "$here/debian/$script" "$root/DEBIAN/$script"
  chmod 755 "$root/DEBIAN/$script"
done
chmod -R u=rwX,go=rX "$root"
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -print0 | xargs -0r touch -hd "@$SOURCE_DATE_EPOCH"

mkdir -p "$folder"
package=$folder/diagnose-https_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >/dev/null
echo "$package"
