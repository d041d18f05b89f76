# Prints where the program on a port ($1) names files of TLS: "process NAME", "folder PATH", "unit UNIT" or
# "start LINE" (what program_starter.sh prints, which comes before this), "word PATH" for each path in its
# arguments and its environment, and for each certificate and key in its own folders, and "line NUMBER FILE:TEXT"
# for each line with such a path of its unit, its settings and its source, with "unended NUMBER FILE" where the
# last line of that file has no end. Nothing else of them is printed.

at=$1
l=$(ss -Hltnp "sport = :$at")
p=$(echo "$l" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 1)
[ -n "$p" ] || exit 0
# The paths of a program in a container are not this machine's.
! grep -qE 'docker|containerd|libpod|kubepods|crio|lxc' "/proc/$p/cgroup" || exit 0
# shellcheck disable=SC2016
names='[A-Za-z0-9._/@+${}~-]{1,200}\.(pem|crt|cer|key)'
# shellcheck disable=SC2329
small() {
  case $1 in ''|/|/root|/home|/usr|/usr/*bin|/usr/local|/etc|/var|/tmp|/opt|/srv) return ;; esac
  find "$1" -xdev -maxdepth 3 \( -name node_modules -o -name .git -o -name vendor -o -name '*venv' \) -prune -o \
    -type f -size -129 \( -name '*.*js' -o -name '*.js' -o -name '*.ts' -o -name '*.py' -o -name '*.rb' -o -name '*.php' \
    -o -name '*.go' -o -name '*.json' -o -name '*.y*ml' -o -name '*.toml' -o -name '*.env' -o -name '.env*' -o -name '*.ini' \
    -o -name '*.properties' -o -name '*.cfg' -o -name '*.conf' -o -name '*.sh' \) ! -name '*.lock' -print | head -n 60
}
# shellcheck disable=SC2329
kept() {
  case $1 in ''|/|/root|/home|/usr|/usr/*bin|/usr/lib*|/usr/local|/etc|/var|/var/lib|/tmp|/opt|/srv|*/) return ;; esac
  [ -d "$1" ] && find "$1" -xdev -maxdepth 4 \( -name node_modules -o -name .git -o -name vendor -o -name '*venv' \) -prune -o \
    -type f -size -129 \( -name '*.pem' -o -name '*.crt' -o -name '*.cer' -o -name '*.cert' -o -name '*.key' \) -print | head -n 12
}
d=$(readlink "/proc/$p/cwd")
# shellcheck disable=SC2329
arguments() {
  tr '\0' '\n' <"/proc/$p/cmdline" | tr '=' '\n' | head -n 60 | while IFS= read -r a; do
    case $a in /*) ;; ?*.*) a=$d/$a ;; *) continue ;; esac
    [ -f "$a" ] && echo "$a"
  done
}
u=$(sed -n 's|.*/\([^/]*\.service\)\(/.*\)\{0,1\}$|\1|p' "/proc/$p/cgroup" | tail -n 1)
echo "process $(cat "/proc/$p/comm")"
echo "folder $d"
{
  if is_own "$u"; then echo "unit $u"; else starter "$p" | sed 's/^/start /'; fi
  for f in cmdline environ; do
    head -c 65536 "/proc/$p/$f" | tr '\0' '\n' | grep -oE "$names" | head -n 20 | sed 's/^/word /'
  done
  c=$(cat "/proc/$p/comm") e=$(readlink "/proc/$p/exe")
  {
    arguments | sed 's|/[^/]*$||'
    printf '%s\n' "$d" "${e%/*}" "/etc/$c" "/etc/${c%%-*}" "/var/lib/$c" "/opt/$c"
  } | sort -u | while IFS= read -r f; do kept "$f"; done |
    sort -u | head -n 16 | sed 's/^/word /'
  {
    if is_own "$u"; then
      systemctl show -p FragmentPath -p DropInPaths -p EnvironmentFiles -- "$u" |
        sed -E 's/^[A-Za-z]*=//; s/ \(ignore_errors=(yes|no)\)//g' | tr ' ' '\n' | grep '^/' | head -n 12
    fi
    arguments | while IFS= read -r a; do echo "$a"; small "${a%/*}"; done
    small "$d"
  } | sort -u | head -n 100 | while IFS= read -r f; do
    case $f in *:*) continue ;; esac
    [ -f "$f" ] || continue
    [ "$(stat -L -c %s -- "$f")" -le 65536 ] || continue
    grep -nIE -m 12 -e "$names" -- "$f" | grep -vE '.{320}' | while IFS= read -r r; do
      printf 'line %s %s:%s\n' "${r%%:*}" "$f" "${r#*:}"
    done
    [ -z "$(tail -c 1 "$f")" ] || echo "unended $(grep -c '' "$f") $f"
  done
} 2>/dev/null
:
