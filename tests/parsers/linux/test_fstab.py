import pytest

from diagnose.parsers.linux.fstab import Entry, parse_fstab, unmounted

FSTAB = """\
# <file system> <mount point> <type> <options> <dump> <pass>
UUID=1 / ext4 errors=remount-ro 0 1
UUID=2 /boot/efi vfat umask=0077 0 1
UUID=3 none swap sw 0 0
UUID=4 /srv/site ext4 defaults,nofail 0 2
nas:/export /srv/my\\040data/ nfs _netdev 0 0
/dev/sr0 /media/cdrom udf,iso9660 user,noauto 0 0
UUID=5 /backup ext4 noauto 0 0
"""
MOUNTS = "/dev/vda1 / ext4 rw 0 0\n/dev/vdb /srv/site ext4 rw 0 0\n"


def test_what_is_mounted_at_boot() -> None:
    assert parse_fstab(FSTAB) == (
        Entry("UUID=4", "/srv/site", "ext4"),
        Entry("nas:/export", "/srv/my data", "nfs"),
    )


def test_what_is_not_mounted_now() -> None:
    assert [entry.point for entry in unmounted(FSTAB, MOUNTS)] == ["/srv/my data"]
    share = "nas:/export /srv/my\\040data nfs4 rw 0 0\n"
    assert unmounted(FSTAB, MOUNTS + share) == ()
    assert unmounted(FSTAB, "") == ()


@pytest.mark.parametrize("text", ["", "a", "a b c", "\x00 /x y z", "a /x b c " * 300])
def test_odd_files_are_read(text: str) -> None:
    assert isinstance(parse_fstab(text), tuple)
