#!/bin/sh
# The files of the Debian package and of the RPM, as they lie on a server.
#
#   sh stage.sh ROOT LIBDIR PYTHON PYTHONS...
#
# LIBDIR: such as /usr/lib/diagnose-https. PYTHON builds. PYTHONS: absolute paths, the preferred
# first; the command runs the first that is there.
set -eu
root=$1 libdir=$2 python=$3
shift 3
here=$(dirname "$0")
share=$root/usr/share

umask 022
"$python" "$here/libraries.py" "$root$libdir"

mkdir -p "$root/usr/bin" "$share/man/man1"
sed -e "s|@PYTHONS@|$*|" -e "s|@LIBDIR@|$libdir|" "$here/launcher.sh" >"$root/usr/bin/diagnose"
chmod 755 "$root/usr/bin/diagnose"
for page in "$here"/man1/*.1; do
  gzip -9nc "$page" >"$share/man/man1/${page##*/}.gz"
done

completion() {
  mkdir -p "$share/${2%/*}"
  "$python" -I "$root$libdir" --completion "$1" >"$share/$2"
}
completion bash bash-completion/completions/diagnose
completion zsh zsh/vendor-completions/_diagnose
completion fish fish/vendor_completions.d/diagnose.fish
find "$root$libdir" -name __pycache__ -type d -prune -exec rm -rf {} +

mkdir -p "$root/usr/lib/systemd/system" "$root/usr/lib/tmpfiles.d" "$share/doc/diagnose-https"
cp "$here"/systemd/diagnose-watch@.service "$here"/systemd/diagnose-watch@.timer \
  "$root/usr/lib/systemd/system"
cp "$here/systemd/diagnose-https.conf" "$root/usr/lib/tmpfiles.d"
cp "$here"/../README.md "$here"/../README.zh.md "$here"/../docs/security.md "$here"/../docs/security.zh.md \
  "$share/doc/diagnose-https"
cp -r "$here/systemd/examples" "$share/doc/diagnose-https"
"$python" "$here/licences.py" "$root$libdir" "$libdir" >"$share/doc/diagnose-https/copyright"
# Modules are read and never run as programs.
find "$root$libdir" -type f -exec chmod 644 {} +
chmod -R u=rwX,go=rX "$root"
