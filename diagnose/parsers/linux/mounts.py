"""Mounts, out of proc_pid_mountinfo(5): where one process sees other files than another. Pure."""

import re
from collections.abc import Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Folders of the kernel's own, and of devices: their files are no site's.
_KERNEL = ("/proc", "/sys", "/dev")

#: So many folders are named.
MAX_FOLDERS = 20


@frozen
class Mount:
    """A folder `root` of a file system's `device` ("8:1") that is seen at `point`."""

    device: str
    root: str
    point: str


def parse_mount(line: str) -> Mount | None:
    """The fields 3 to 5 of a line of mountinfo."""
    fields = line.split(" ")
    if len(fields) != 3 or not all(field.startswith("/") for field in fields[1:]):
        return None
    root, point = (re.sub(r"\\([0-7]{3})", _character, field) for field in fields[1:])
    return Mount(fields[0], root, point)


def _character(match: re.Match[str]) -> str:
    """Blanks, line breaks and backslashes are written in octal."""
    return chr(int(match[1], 8))


def private_folders(ours: Sequence[Mount], theirs: Sequence[Mount]) -> tuple[str, ...]:
    """The folders at which another process sees other files than we do: under PrivateTmp= /tmp and
    /var/tmp, under ProtectHome= /home (systemd.exec(5)). () where one of the two is not known."""
    if not ours or not theirs:
        return ()
    our_mounts, their_mounts = (
        {mount.point: mount for mount in mounts} for mounts in (ours, theirs)
    )
    folders: list[str] = []
    for point in sorted(our_mounts.keys() | their_mounts.keys()):
        inside = any(_is_within(point, top) for top in (*_KERNEL, *folders))
        if not inside and _mounted_folder(our_mounts, point) != _mounted_folder(
            their_mounts, point
        ):
            folders.append(point)
    return tuple(clean(point, 200) for point in folders[:MAX_FOLDERS])


def _mounted_folder(mounts: dict[str, Mount], path: str) -> tuple[str, str]:
    """The device and the folder on it that are seen at a path."""
    mount_point = path
    while mount_point not in mounts and mount_point not in {"/", ""}:
        mount_point = mount_point.rpartition("/")[0] or "/"
    mount = mounts.get(mount_point)
    if mount is None:
        return "", path
    relative_path = path.removeprefix(mount_point.rstrip("/")).rstrip("/")
    return mount.device, mount.root.rstrip("/") + relative_path


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def hiding_folder(folders: Sequence[str], path: str) -> str:
    """The first of the folders that a path lies in, "" where it lies in none."""
    return next((folder for folder in folders if _is_within(path, folder)), "")
