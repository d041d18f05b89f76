# What machine.sh runs inside the namespaces: the file systems, then systemd. The files of an
# earlier boot are in /mnt/upper.
set -e
name=$1 first=
shift

# prepare_files: before the first boot, in the root.
prepare_files() {
  rm -f etc/machine-id etc/resolv.conf
  : >etc/machine-id
  echo "$name" >etc/hostname

  # Only what the laboratory starts runs.
  cd etc/systemd/system
  for each in *.wants/* /lib/systemd/system/*.timer; do
    each=${each##*/}
    case $each in \*) ;; ssh.service|nginx.service|firewalld.service|dbus.service) ;;
      *) ln -sf /dev/null "$each" ;; esac
  done
  rm -f multi-user.target.wants/*
  for each in apache2 caddy haproxy dnsmasq fail2ban ufw systemd-udevd systemd-networkd chrony \
    systemd-resolved systemd-timesyncd getty@tty1 console-getty NetworkManager systemd-sysctl \
    systemd-modules-load systemd-binfmt systemd-remount-fs ldconfig systemd-update-done \
    systemd-tmpfiles-setup-dev systemd-tmpfiles-setup-dev-early systemd-journal-catalog-update; do
    ln -sf /dev/null "$each.service"
  done
  for each in proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount; do
    ln -sf /dev/null "$each"
  done
  ln -sf /lib/systemd/system/multi-user.target default.target
}

[ -d /mnt/upper ] || first=yes
mkdir -p /mnt/upper /mnt/work /mnt/root
mount -t overlay lab -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
cd /mnt/root
for each in "$@"; do mkdir -p ".$each"; mount --rbind "$each" ".$each"; done
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
# Devices of its own: systemd makes links among them.
mount -t tmpfs -o mode=755 dev dev
mkdir dev/pts dev/shm
for each in null zero full random urandom tty; do
  : >"dev/$each"
  mount --bind "/dev/$each" "dev/$each"
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
if [ "$first" ]; then prepare_files; fi

cd /mnt/root
mkdir -p mnt
pivot_root . mnt
exec </dev/null >/dev/null 2>&1
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 sh -c \
  'umount -l /mnt; exec /lib/systemd/systemd --log-target=journal'
