# Prints what stands in the way of a web server's start. $1 is its unit ("caddy.service"), $2 what its journal
# names: tcp or udp (then $3 is a port), path (a file or folder), address, or chroot (a folder); or command, for
# the unit's own command.
# Lines "=NAME VALUE".

value() { systemctl show "$1" -p "$2" --value --no-pager | head -n 1; }
# The name of the unit in whose control group a process is.
unit_of() { sed -n 's#.*/\([^/]*\.service\)\(/.*\)\{0,1\}$#\1#p' "/proc/$1/cgroup" | head -n 1; }
{
  if [ -d /run/systemd/system ]; then
    u=$(value "$1" User)
    echo "=user $u"
    g=$(value "$1" Group)
    [ -z "$u" ] || echo "=group ${g:-$(id -gn "$u")}"
  fi
  case $2 in
    tcp | udp)
      case $2 in udp) o=-lnup ;; *) o=-lntp ;; esac
      l=$(ss -H "$o" "sport = :$3" | grep -o '(("[^"]*",\(pid=\)\{0,1\}[0-9]*' | head -n 1)
      p=${l##*[=,]}
      n=${l#*\"} && n=${n%%\"*}
      if [ -n "$l" ]; then
        echo "=process $n"
        echo "=pid $p"
        echo "=holder $(unit_of "$p")"
      fi
      ;;
    path | chroot)
      stat -L -c '=owner %U
=owner-group %G
=mode %a' -- "$3"
      [ ! -d "$3" ] || echo "=folder yes"
      [ "$2" = path ] || case " $(value "$1" CapabilityBoundingSet) " in *" cap_sys_chroot "* | "  ") ;; *) echo "=bounded yes" ;; esac
      ;;
    command)
      [ "$(value "$1" Type)" = forking ] || systemctl cat "$1" | sed -n 's/^ExecStart=//p' | awk 'NF { n++; l = $0 } !NF { n = 0 } END { if (n == 1) print "=command " l }'
      ;;
    address)
      echo "=setting $(cat /proc/sys/net/ipv4/ip_nonlocal_bind)"
      echo "=virtual $(grep -rlwF -- "$3" /etc/keepalived /etc/ha.d /etc/corosync | head -n 1)"
      ;;
  esac
} 2>/dev/null
:
