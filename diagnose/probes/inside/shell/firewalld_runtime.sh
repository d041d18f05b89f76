# Prints firewalld's runtime configuration, as its D-Bus interface answers (firewalld.dbus(5)). Each
# answer follows a line "@ method argument". The bus is queried first, because a message to firewalld
# itself could start it. Address sets may be long: $1 is the maximum number of entries.

most=$1
echo "@ caller ${SSH_CONNECTION%% *}"
f=org.fedoraproject.FirewallD1
d="dbus-send --system --print-reply --reply-timeout=5000"
command -v dbus-send >/dev/null || exit 127
at() { $d --dest=$f /org/fedoraproject/FirewallD1 "$@" 2>&1; }
ask() { echo "@ $1 $2"; at "$f.$1" ${2:+"string:$2"}; }
names() { sed -n 's/^ *string "\(.*\)"$/\1/p'; }
echo "@ owner"
$d --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner "string:$f" 2>&1 || exit 0
ask getDefaultZone
ask queryPanicMode
ask zone.getActiveZones
zones=$(at $f.zone.getZones | names)
for z in $zones; do ask zone.getZoneSettings2 "$z"; done
for p in $(at $f.policy.getPolicies | names); do ask policy.getPolicySettings "$p"; done
for s in $(at $f.ipset.getIPSets | names | head -n 50); do
  echo "@ ipset $s"
  at $f.ipset.getEntries "string:$s" | names | head -n "$most"
done
ask direct.getAllRules
ask direct.getAllPassthroughs
echo "@ version"
at org.freedesktop.DBus.Properties.Get string:$f string:version
:
