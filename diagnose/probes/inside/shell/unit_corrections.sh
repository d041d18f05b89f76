# Prints what a service of systemd ($1, with ".service") that could not start needs, and where it is. $2 is
# what failed: chdir (its working folder), exec (its program), environment (a file of its environment), port
# (a port below 1024), forking (systemd waited for its program to fork), trust (its program does not trust
# an authority) or readonly (it may not write $3, because of the unit). Lines "=NAME VALUE".
# shellcheck disable=SC2001
#   (SC2001: sed takes a class of characters away, however many there are.)

[ -d /run/systemd/system ] || exit 0
p=$(systemctl show "$1" -p User -p WorkingDirectory -p Type -p CapabilityBoundingSet -p PrivateUsers \
  -p EnvironmentFiles -p PIDFile -p ProtectSystem --no-pager)
value() { echo "$p" | sed -n "s/^$1=//p" | head -n 1; }
u=$(value User) d=$(value WorkingDirectory)
# The only command: one without a value takes those before it away, and Type=oneshot may have several.
l=$(systemctl cat "$1" | sed -n 's/^ExecStart=//p' | awk 'NF { n++; l = $0 } !NF { n = 0 } END { if (n == 1) print l }' | head -c 900)
c=$(echo "$l" | sed 's/^[-@:+!|]*//') && c=${c%% *}
# The first file among the words behind the program.
script=$(echo "$l" | tr -s ' \t' '\n' | sed 1d | head -n 20 | while read -r w; do
  case $w in -*) ;; /*) [ ! -f "$w" ] || { echo "$w"; break; } ;; *.js | *.mjs | *.cjs | *.py | *.rb | *.jar)
    echo "$w"
    break
    ;;
  esac
done)
# Whether the user of the service may do that.
may() {
  case ${u:-root} in root | 0) test "$@" ;; *)
    setpriv --reuid "$u" --regid "$(id -g "$u")" --init-groups test "$@"
    ;;
  esac
}
folder() {
  case $script in
    /*) echo "${script%/*}" ;;
    '') case $c in */venv/bin/* | */.venv/bin/* | */env/bin/*) [ ! -x "$c" ] || { c=${c%/bin/*} && echo "${c%/*}"; } ;; esac ;;
    *) find /srv /opt /home /var/www -maxdepth 5 -path "*/${d##*/}/$script" -type f | head -n 3 | while read -r f; do
      echo "${f%"/$script"}"
    done ;;
  esac
}
programs() {
  b=${c##*/}
  if [ -d "$c" ]; then
    case $script in *.py) set -- "$c/bin/python3" "$c/bin/python" ;; *) set -- "$c/bin/node" ;; esac
  else
    h=$(getent passwd "${u:-root}" | cut -d: -f6)
    set -- "${d:-/nowhere}/venv/bin/$b" "${d:-/nowhere}/.venv/bin/$b" /usr/local/bin/"$b" /usr/bin/"$b" /bin/"$b" /usr/sbin/"$b" \
      "${h:-/nowhere}"/.nvm/versions/node/*/bin/"$b" "${h:-/nowhere}/.local/bin/$b" /opt/*/bin/"$b" /snap/bin/"$b"
  fi
  for f; do ! { [ -f "$f" ] && may -x "$f"; } || echo "$f"; done | head -n 3
}
{
  echo "=exec $l"
  echo "=user $u"
  case $2 in
    chdir)
      echo "=wrong $d"
      folder | while read -r f; do ! may -x "$f" || echo "=folder $f"; done
      ;;
    exec)
      echo "=wrong $c"
      if [ -f "$c" ]; then
        may -x "$c" || echo "=closed $(stat -c '%a' "$c")"
      else
        programs | sed 's/^/=program /'
      fi
      ;;
    environment)
      w=$(echo "$p" | sed -n 's/^EnvironmentFiles=\(\/[^ ]*\) (ignore_errors=no)$/\1/p' | while read -r f; do [ -e "$f" ] || echo "$f"; done)
      echo "=wrong $w"
      # All files of the unit: the remedy writes the list again.
      echo "$p" | sed -n 's/^EnvironmentFiles=\(\/.*\) (ignore_errors=no)$/=of \1/p; s/^EnvironmentFiles=\(\/.*\) (ignore_errors=yes)$/=of -\1/p'
      for f in "${d:-/nowhere}/${w##*/}" "${script%/*}/${w##*/}" "${d:-/nowhere}/.env" "${script%/*}/.env" "/etc/default/${w##*/}" "/etc/${w##*/}"; do
        case $f in /?*/*) [ ! -f "$f" ] || echo "=file $f" ;; esac
      done | awk '!seen[$0]++' | head -n 2
      ;;
    port)
      echo "=bounds $(value CapabilityBoundingSet)"
      echo "=alone $(value PrivateUsers)"
      ;;
    trust)
      echo "=wrong ${c##*/}"
      for f in /usr/local/share/ca-certificates/*.crt /usr/local/share/ca-certificates/*/*.crt \
        /etc/pki/ca-trust/source/anchors/*; do [ ! -f "$f" ] || echo "=authority $f"; done | head -n 1
      for f in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do [ ! -f "$f" ] || echo "=bundle $f"; done
      { systemctl show "$1" -p Environment --value && tr '\0' ' ' <"/proc/$(systemctl show "$1" -p MainPID --value)/environ"; } |
        grep -oE '(NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|NODE_OPTIONS|REQUESTS_CA_BUNDLE|SSL_CERT_FILE|CURL_CA_BUNDLE)=' | sed 's/^/=set /'
      ;;
    readonly)
      echo "=protect $(value ProtectSystem)"
      f=$3
      while [ -n "$f" ] && [ ! -d "$f" ]; do f=${f%/*}; done
      ! { [ -n "$f" ] && may -w "$f"; } || echo "=folder $f"
      ;;
    forking)
      echo "=type $(value Type)"
      echo "=wrong $(value PIDFile)"
      ;;
  esac
} 2>/dev/null
