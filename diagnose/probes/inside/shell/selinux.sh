# Prints the SELinux state, if there is any: selinuxfs; getenforce(8), getsebool(8), ausearch(8).

[ -e /sys/fs/selinux/enforce ] || exit 0
e=$(getenforce 2>/dev/null) || case $(cat /sys/fs/selinux/enforce) in
  1) e=Enforcing ;; *) e=Permissive ;; esac
echo "mode $e"; getsebool httpd_can_network_connect httpd_can_network_relay 2>/dev/null
[ -r /var/log/audit/audit.log ] && echo logged
ausearch --input-logs -m avc -c nginx -ts recent 2>/dev/null ||
  grep 'avc: *denied.*comm="nginx"' /var/log/audit/audit.log 2>/dev/null | tail -n 20; :
