# For each service: as whom systemd starts it, by systemd itself or by the unit's files where it does
# not run; and the numbers of the groups that the unit names.

for u; do
  t=''
  if [ -d /run/systemd/system ]; then t=$(systemctl cat "$u.service"); else
    for d in /etc/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
      [ -f "$d/$u.service" ] || continue
      t=$(cat "$d/$u.service" /etc/systemd/system/"$u".service.d/*.conf)
      break
    done
  fi
  [ -n "$t" ] || continue
  echo "unit $u"
  printf '%s\n' "$t" | grep -E '^(User|Group|SupplementaryGroups|AmbientCapabilities) *=' | head -n 20
  for g in $(printf '%s\n' "$t" | sed -n 's/^\(Group\|SupplementaryGroups\) *=//p'); do
    getent group "$g" | cut -d: -f3 | sed 's/^/gid /'
  done
  break
done 2>/dev/null
:
