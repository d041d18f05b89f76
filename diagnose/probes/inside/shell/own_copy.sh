# Prints what systemd starts for the unit $1, and the group, the folder and the arguments of the process $2:
# lines "=NAME VALUE". The arguments are compared here, and not printed: they may hold a password. A script is
# an argument of its interpreter. "=rooted yes" says that no argument depends on the folder.

systemctl show "$1" -p WorkingDirectory --value | sed 's/^!*/=at /'
l=$(systemctl show "$1" -p ExecStart --value | sed -n 's/^{ path=[^;]*; argv\[\]=\(.*\) ; ignore_errors=.*/\1/p')
a=$(tr '\0' ' ' <"/proc/$2/cmdline" | sed 's/ $//')
[ -n "$l" ] && [ "${l#* }" = "${a#* }" ] && [ "${l%% *}" != "$l" ] && echo "=same yes"
case $l in /*) [ "$l" = "${a#* }" ] && echo "=same yes" ;; esac
set -f
r=yes
for w in $l; do
  case $w in /*|-*=/*|[0-9]*) ;; -*=*) r=no ;; -*) ;; *) r=no ;; esac
done
echo "=rooted $r"
set +f
echo "=folder $(readlink "/proc/$2/cwd")"
sed -n 's/^[0-9]*:[^:]*:/=group /p' "/proc/$2/cgroup"
