# Takes a fix back by itself when nobody has spoken for it in time: the connection over which it ran
# was lost, it was killed, or the machine was started anew in the middle.
# shellcheck shell=sh disable=SC2046,SC2154,SC2317
#   (SC2154: die, restore, allowed … stand in files.sh, which comes before this text.
#    SC2317: the steps, which come behind it, call systemctl.)
#
# The fix writes this file before its first step, with the functions of files.sh before it and its own
# steps in a function `undo_steps` behind it. $current is the folder of the fix, $ended its name when
# it has ended. $current/deadline holds the second of /proc/uptime until which it is waited for; a
# fix that goes on writes a later one. Who ends the wait renames that file, and only one can.

uptime_s() { read -r up _ < /proc/uptime; echo "${up%%.*}"; }

# begun STEP: whether a step was begun and not taken back.
begun() {
  grep -qF "{\"event\": \"begin\", \"step\": $1}" "$current/journal" &&
    ! grep -qF "{\"event\": \"back\", \"step\": $1}" "$current/journal"
}

# completed STEP: whether a step was done to its end.
completed() { grep -qF "{\"event\": \"end\", \"step\": $1}" "$current/journal"; }

note() { echo "$1" >> "$current/journal" 2>/dev/null; }

# handles: of a chain's listing, the lines "HANDLE TEXT" of its rules (nft -a list chain).
handles() { sed -n '/{ *# handle/d; s/^[[:space:]]*\(.*[^[:space:]]\) # handle \([0-9]*\)$/\2 \1/p'; }

same_rules() { [ "$(sed 's/[[:space:]]*# handle [0-9]*$//' "$1")" = "$(sed 's/[[:space:]]*# handle [0-9]*$//' "$2")" ]; }

# list_chain STEP COMMAND…: the chain as it is now, in STEP.now; fails where the chain before the
# step is not known, or is the same.
list_chain() {
  step=$1; shift
  [ -e "$current/$step.chain" ] || return 1
  "$@" > "$current/$step.now" 2>/dev/null || return 1
  ! same_rules "$current/$step.chain" "$current/$step.now"
}

# added_rule STEP TEXT FAMILY TABLE CHAIN: takes away the rule of this text that came since.
added_rule() {
  step=$1 text=$2; shift 2
  handles < "$current/$step.chain" | cut -d ' ' -f 1 > "$current/$step.known"
  new=$(handles < "$current/$step.now" | while read -r handle rule; do
    grep -qx "$handle" "$current/$step.known" || [ "$rule" != "$text" ] || echo "$handle"
  done | sort -n | head -n 1)
  [ -z "$new" ] || nft delete rule "$@" handle "$new"
}

# deleted_rule STEP HANDLE FAMILY TABLE CHAIN TEXT…: puts a rule back behind the nearest one before
# it that is still there.
deleted_rule() {
  step=$1 gone=$2 family=$3 table=$4 chain=$5; shift 5
  place=$(handles < "$current/$step.chain" | cut -d ' ' -f 1 | while read -r handle; do
    [ "$handle" != "$gone" ] || break
    grep -q " # handle $handle\$" "$current/$step.now" && echo "$handle"
  done | tail -n 1)
  if [ "$place" ]; then nft add rule "$family" "$table" "$chain" handle "$place" "$@"
  else nft insert rule "$family" "$table" "$chain" "$@"; fi
}

# wait_for_it: until the deadline has passed; ends this program where the fix has ended.
wait_for_it() {
  while :; do
    deadline=
    [ -e "$current/deadline" ] && read -r deadline < "$current/deadline"
    [ "$deadline" ] || { [ -e "$current/deadline" ] || exit 0; }
    [ "$(uptime_s)" -lt "${deadline:-0}" ] || return 0
    sleep 1
  done
}

take_back() {
  # A fix that is taking itself back is let finish its present file.
  hold "$current"
  mv -T -- "$current/deadline" "$current/passed" 2>/dev/null || exit 0
  note '{"event": "undoing", "by": "deadline"}'
  # A daemon that is started here does not inherit the lock.
  undo_steps 9<&-
  note '{"event": "undone", "by": "deadline"}'
  : > "$current/unreported"
  at=$(date -u +%Y%m%dT%H%M%SZ)
  # "~" sorts last: of two in one second the later has the later name.
  while (set -- "${current%/*}/$at-"*; [ -e "$1" ]); do at=$at~; done
  mv -T -- "$current" "${current%/*}/$at-$ended-undone"
  forget_boot_unit
}

# At boot the deadline of an earlier boot means nothing: what is not ended is taken back.
# What was being taken back when the machine stopped is begun anew. Services start after this script:
# a systemctl that waited for them would wait for ever.
begin_anew() {
  systemctl() { command systemctl --no-block "$@"; }
  [ ! -e "$current/passed" ] || mv -T -- "$current/passed" "$current/deadline"
}

boot_unit=/usr/local/lib/systemd/system/diagnose-undo-at-boot.service

forget_boot_unit() {
  rm -f -- "$boot_unit" "${boot_unit%/*}/sysinit.target.wants/${boot_unit##*/}"
  rmdir -- "${boot_unit%/*}/sysinit.target.wants" 2>/dev/null; :
}

# The files are as before when the services read them: all of these start after sysinit.target, and
# the packet filters that start before it stand by name. A machine that cannot end this in time boots
# all the same.
remember_boot_unit() {
  enter "$boot_unit" link && only_root || return
  cat > "$boot_unit" <<UNIT || return
[Unit]
Description=Take back a change of diagnose that was cut off
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target network-pre.target shutdown.target
Before=nftables.service iptables.service ip6tables.service netfilter-persistent.service ufw.service
Conflicts=shutdown.target
ConditionPathExists=|$current/deadline
ConditionPathExists=|$current/passed
[Service]
Type=oneshot
ExecStart=/bin/sh $current/undo.sh boot
TimeoutStartSec=90
[Install]
WantedBy=sysinit.target
UNIT
  mkdir -p -- "${boot_unit%/*}/sysinit.target.wants" &&
    ln -sf "../${boot_unit##*/}" "${boot_unit%/*}/sysinit.target.wants/"
}

# runs PID: whether this process has not ended. One of which nobody has taken note yet has (proc(5)).
runs() { read -r _ _ state _ < "/proc/$1/stat" && [ "$state" != Z ]; }

# end_waiting: whatever waits for this fix ends.
end_waiting() {
  if [ -e "$current/waiting" ]; then
    read -r pid < "$current/waiting"
    # It leads no group yet if it has only just begun.
    kill -- "-$pid" 2>/dev/null || kill -- "$pid" 2>/dev/null
    # Nothing of it is left when this returns.
    tries=0
    while runs "$pid" 2>/dev/null && [ "$tries" -lt 40 ]; do
      tries=$((tries + 1)); sleep 0.05 2>/dev/null || sleep 1
    done
    rm -f -- "$current/waiting"
  elif [ -d /run/systemd/system ]; then
    systemctl stop diagnose-undo.service 2>/dev/null
  fi
  :
}

# arm SECONDS: something that outlives the fix and its connection waits.
arm() {
  end_waiting
  : >> "$current/lock" && deadline_in "$1" > "$current/deadline" || exit 1
  if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    mkdir -p -- "${boot_unit%/*}" && (remember_boot_unit)
    systemctl reset-failed diagnose-undo.service 2>/dev/null
    systemd-run --quiet --collect --unit=diagnose-undo \
      /bin/sh "$current/undo.sh" wait && return
  fi
  setsid sh "$current/undo.sh" wait </dev/null >/dev/null 2>&1 &
  echo $! > "$current/waiting"
}

# disarm: dies where the fix was taken back already.
disarm() {
  mv -T -- "$current/deadline" "$current/kept" 2>/dev/null ||
    die "nobody spoke for it in time: it was taken back by itself"
  rm -f -- "$current/kept"
  end_waiting
  forget_boot_unit
}

# deadline_in SECONDS: the second of /proc/uptime after these, always of the same length.
deadline_in() { printf '%012d\n' $(($(uptime_s) + $1)); }

# prolong SECONDS: the file is written in place, which needs no space on the disk.
prolong() {
  [ -e "$current/deadline" ] || die "nobody spoke for it in time: it was taken back by itself"
  deadline_in "$1" 1<> "$current/deadline"
  [ ! -e "$current/passed" ] || { rm -f -- "$current/deadline"; die "it was taken back by itself"; }
}
