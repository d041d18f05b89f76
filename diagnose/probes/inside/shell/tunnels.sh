# Prints the processes of the tunnels' clients whose names are given: "tunnel PID NAME", their folder, "apart"
# if they have a network of their own, the lines of their control groups, the ports (hexadecimal) of the sockets
# on which cloudflared listens ("own") and of all others of its network ("any"), and the words of their command,
# one a line, each after a space.

n=$(readlink /proc/self/ns/net)
for d in /proc/[0-9]*; do
  c=; read -r c <"$d/comm" || continue
  case " $* " in *" $c "*) ;; *) continue ;; esac
  echo "tunnel ${d#/proc/} $c"
  echo "folder $(readlink "$d/cwd")"
  o=$(readlink "$d/ns/net")
  [ -z "$o" ] || [ "$o" = "$n" ] || echo apart
  head -n 20 "$d/cgroup" | sed 's/^/group /'
  if [ "$c" = cloudflared ]; then
    # The names there are numbers.
    # shellcheck disable=SC2012
    s=" $(ls -l "$d/fd" | sed -n 's/.*socket:\[\([0-9]*\)\]$/\1/p' | tr '\n' ' ')"
    awk -v s="$s" '$4 == "0A" { k = split($2, a, ":"); print (index(s, " " $10 " ") ? "own " : "any ") a[k] }' \
      "$d/net/tcp" "$d/net/tcp6" | head -n 100
  fi
  tr '\0' '\n' <"$d/cmdline" | head -n 60 | sed 's/^/ /'
done 2>/dev/null | head -n 2000
:
