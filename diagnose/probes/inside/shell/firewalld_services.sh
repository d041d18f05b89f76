# Prints the definitions in use of firewalld's services that the arguments name.

f=org.fedoraproject.FirewallD1
for s; do
  echo "@ service $s"
  dbus-send --system --print-reply --reply-timeout=5000 --dest=$f \
    /org/fedoraproject/FirewallD1 $f.getServiceSettings2 "string:$s" 2>&1
done; :
