# Prints what services of systemd are not allowed. Each argument is a port, a Unix socket, or the name of
# a unit. Of each: "unit ARGUMENT NAME", and the settings, those of its slices too, as lines "=NAME=VALUE".

[ -d /run/systemd/system ] || exit 0
unit_of() {
  case $1 in
    *.service) echo "$1"; return ;;
    /*) l=$(ss -Hlxp src "$1") ;;
    *) l=$(ss -Hltnp "sport = :$1") ;;
  esac
  p=${l#*pid=} p=${p%%,*}
  sed -n 's|.*/\([^/]*\.service\)\(/.*\)\{0,1\}$|\1|p' "/proc/${p:-0}/cgroup" | tail -n 1
}
for a; do
  n=$(unit_of "$a")
  [ -n "$n" ] || continue
  echo "unit $a $n"
  systemctl show "$n" -p IPAddressAllow -p IPAddressDeny -p RestrictAddressFamilies -p ProtectHome \
    -p ProtectSystem -p PrivateTmp -p ReadOnlyPaths -p ReadWritePaths -p InaccessiblePaths \
    -p TemporaryFileSystem -p BindPaths -p BindReadOnlyPaths -p StateDirectory -p CacheDirectory \
    -p LogsDirectory -p RuntimeDirectory -p MemoryDenyWriteExecute -p LimitNPROC -p TasksMax -p WorkingDirectory \
    --no-pager | sed 's/^/=/'
  s=$(systemctl show "$n" -p Slice --value)
  for _ in 1 2 3 4; do
    case $s in *.slice) ;; *) break ;; esac
    systemctl show "$s" -p IPAddressAllow -p IPAddressDeny --no-pager | sed 's/^/=/'
    s=$(systemctl show "$s" -p Slice --value)
  done
done 2>/dev/null
:
