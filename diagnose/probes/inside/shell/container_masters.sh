# Argument: a process of a container. Prints the masters of nginx in its network: the process and its
# title.

own=$(readlink "/proc/$1/ns/net")
for d in /proc/[0-9]*; do
  read -r c < "$d/comm" || continue
  case $c in nginx|openresty|angie) ;; *) continue ;; esac
  [ "$(readlink "$d/ns/net")" = "$own" ] || continue
  t=$(tr '\0\n' '  ' < "$d/cmdline")
  case $t in *"master process"*) echo "${d#/proc/} $t" ;; esac
done 2>/dev/null; :
