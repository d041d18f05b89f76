# Prints what systemd starts for the unit $1, and the group, the folder and the arguments of the process $2:
# lines "=NAME VALUE". The arguments are compared here, and not printed: they may hold a password.

systemctl show "$1" -p WorkingDirectory --value | sed 's/^!*/=at /'
l=$(systemctl show "$1" -p ExecStart --value | sed -n 's/^{ path=[^;]*; argv\[\]=\(.*\) ; ignore_errors=.*/\1/p')
a=$(tr '\0' ' ' <"/proc/$2/cmdline" | sed 's/ $//')
[ -n "$l" ] && [ "${l#* }" = "${a#* }" ] && [ "${l%% *}" != "$l" ] && echo "=same yes"
echo "=folder $(readlink "/proc/$2/cwd")"
sed -n 's/^[0-9]*:[^:]*:/=group /p' "/proc/$2/cgroup"
