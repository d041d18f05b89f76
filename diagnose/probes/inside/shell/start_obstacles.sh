# Prints what stands in the way of a web server's start. $1 is its unit ("caddy.service"), $2 what its journal
# names: tcp or udp (then $3 is a port), path (a file or folder), address, or chroot (a folder); or command, for
# the unit's own command.
# Lines "=NAME VALUE".

value() { systemctl show "$1" -p "$2" --value --no-pager | head -n 1; }
# The name of the unit in whose control group a process is.
unit_of() { sed -n 's#.*/\([^/]*\.service\)\(/.*\)\{0,1\}$#\1#p' "/proc/$1/cgroup" | head -n 1; }
# Prints what a web server has beside that of its package: an application, another folder, a page of one's own.
own_lines() {
  case $1 in
    nginx) set -- /etc/nginx/nginx.conf /etc/nginx/conf.d /etc/nginx/sites-enabled ;;
    caddy) set -- /etc/caddy ;;
    *) set -- /etc/apache2/sites-enabled /etc/httpd/conf/httpd.conf /etc/httpd/conf.d ;;
  esac
  grep -RhsE '^[[:space:]]*([a-z]+_pass|ProxyPass(Match)?|RewriteRule|reverse_proxy|php_fastcgi|respond|redir)[[:space:]]' "$@"
  grep -RhsE '^[[:space:]]*(root|DocumentRoot)[[:space:]]' "$@" |
    grep -vE '[[:space:]"](/var/www/html|/usr/share/(nginx/html|caddy)|/var/www/localhost/htdocs)/?"?;?[[:space:]]*$'
  find -L /var/www/html /var/www/localhost/htdocs /usr/share/nginx/html -mindepth 1 -maxdepth 3 -type f |
    head -n 50 | while IFS= read -r f; do
    case $f in
      */50x.html | */404.html | *.png) ;;
      */index*.html) grep -qE 'Welcome to nginx|Apache2 [A-Za-z]+ Default Page|It works!|Test Page' "$f" || echo "$f" ;;
      *) echo "$f" ;;
    esac
  done
}
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
        case $n in nginx | apache2 | httpd | caddy) [ -z "$(own_lines "$n" | head -n 1)" ] || echo "=used yes" ;; esac
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
      # What stays when the command has ended is another matter.
      case "$(value "$1" Type) $(value "$1" RemainAfterExit) $(value "$1" KillMode)" in
        forking* | *" yes "* | *" none" | *" process") ;;
        *) systemctl cat "$1" | sed -e ':a' -e '/\\$/{N;s/\\\n[[:space:]]*/ /;ba' -e '}' |
          sed -n 's/^ExecStart=//p' | awk 'NF { n++; l = $0 } !NF { n = 0 } END { if (n == 1) print "=command " l }' ;;
      esac
      ;;
    address)
      echo "=setting $(cat /proc/sys/net/ipv4/ip_nonlocal_bind)"
      echo "=virtual $(grep -rlwF -- "$3" /etc/keepalived /etc/ha.d /etc/corosync | head -n 1)"
      ;;
  esac
} 2>/dev/null
:
