"""Parse fstab(5), and compare it with what is mounted. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Longest line and number of lines that are read.
MAX_LINE, MAX_LINES = 1000, 400

#: Mounted by hand, on the first access, or for the kernel's and the boot loader's own use.
_BY_HAND = {"noauto", "x-systemd.automount", "user", "users", "owner"}
_OWN = ("/proc", "/sys", "/dev", "/run", "/boot", "/media", "/mnt/cdrom")
_NO_FOLDERS = {"swap", "autofs", "proc", "sysfs", "devpts", "tmpfs", "none"}


@frozen
class Entry:
    """A line: the device or the share, the folder, and the type of its file system."""

    device: str
    point: str
    type: str


def parse_fstab(text: str) -> tuple[Entry, ...]:
    """Return the entries that are mounted at boot, without those of the system itself."""
    entries = []
    for line in text.split("\n")[:MAX_LINES]:
        fields = line[:MAX_LINE].split()
        if len(fields) < 4 or fields[0].startswith("#"):
            continue
        device, point, kind = (_decoded(field) for field in fields[:3])
        is_own = point == "/" or any(point == own or point.startswith(f"{own}/") for own in _OWN)
        by_hand = _BY_HAND & set(fields[3].split(","))
        if point.startswith("/") and kind not in _NO_FOLDERS and not is_own and not by_hand:
            entries.append(
                Entry(clean(device, 200), clean(point.rstrip("/"), 200), clean(kind, 40))
            )
    return tuple(entries)


def unmounted(fstab: str, mounts: str) -> tuple[Entry, ...]:
    """Return the entries of fstab that are not in /proc/mounts. () if that is empty: something is
    always mounted."""
    lines = (line[:MAX_LINE].split() for line in mounts.split("\n"))
    points = {_decoded(fields[1]).rstrip("/") for fields in lines if len(fields) > 2}
    if not points:
        return ()
    return tuple(entry for entry in parse_fstab(fstab) if entry.point not in points)


def _decoded(field: str) -> str:
    """Decode octal escapes, used for blanks and tabs."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
