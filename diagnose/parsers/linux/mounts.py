"""Compare mounts (proc_pid_mountinfo(5)): where two processes see different files. No I/O."""

import re
from collections.abc import Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Folders of the kernel and of devices; they contain no files of a site.
_KERNEL = ("/proc", "/sys", "/dev")

#: Most folders that are returned.
MAX_FOLDERS = 20

#: Most bind mounts that are returned.
MAX_BIND_MOUNTS = 100


@frozen
class Mount:
    """A folder `root` of a file system on `device` ("8:1") that is mounted at `point`."""

    device: str
    root: str
    point: str


def parse_mount(line: str) -> Mount | None:
    """Parse fields 3 to 5 of a line of mountinfo."""
    fields = line.split(" ")
    if len(fields) != 3 or not all(field.startswith("/") for field in fields[1:]):
        return None
    root, point = (re.sub(r"\\([0-7]{3})", _character, field) for field in fields[1:])
    return Mount(fields[0], root, point)


def _character(match: re.Match[str]) -> str:
    """Decode an octal escape, used for blanks, line breaks and backslashes."""
    return chr(int(match[1], 8))


def private_folders(ours: Sequence[Mount], theirs: Sequence[Mount]) -> tuple[str, ...]:
    """Return the folders in which another process sees other files than this one: /tmp and /var/tmp
    with PrivateTmp=, /home with ProtectHome= (systemd.exec(5)). () if one side is unknown."""
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


#: What the kernel writes after the root of a mount whose file has lost its name.
_DELETED = "//deleted"


#: Maximum number of mounts that are read.
_MAX_MOUNTS = 2000


def parse_mounts(text: str) -> list[Mount]:
    """Return the mounts of a process, from its mountinfo (proc_pid_mountinfo(5))."""
    rows = (line.split(" ")[2:5] for line in text.splitlines()[:_MAX_MOUNTS])
    return [mount for row in rows if (mount := parse_mount(" ".join(row)))]


def bind_mounts(
    ours: Sequence[Mount], theirs: Sequence[Mount]
) -> tuple[tuple[str, str, bool], ...]:
    """Return what another process sees of our files: where, which of our paths, and whether another
    file has taken that name since. The longest path comes first. The other's root folder is left
    out: it holds the image of a container."""
    mounts: dict[str, tuple[str, str, bool]] = {}
    for mount in theirs:
        if mount.point == "/" or any(_is_within(mount.point, top) for top in _KERNEL):
            continue
        root = mount.root.removesuffix(_DELETED)
        candidates = [
            our for our in ours if our.device == mount.device and _is_within(root, our.root)
        ]
        if candidates:
            best = max(candidates, key=lambda our: (len(our.root), -len(our.point)))
            relative_path = root[len(best.root.rstrip("/")) :]
            source = (best.point.rstrip("/") + relative_path) or "/"
            mounts[mount.point] = (
                clean(mount.point, 300), clean(source, 300), mount.root.endswith(_DELETED)
            )  # fmt: skip
    ordered = sorted(mounts.values(), key=lambda mount: (-len(mount[0]), mount[0]))
    return tuple(ordered[:MAX_BIND_MOUNTS])


def _mounted_folder(mounts: dict[str, Mount], path: str) -> tuple[str, str]:
    """Return the device, and the folder on it, that is seen at a path."""
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
    """Return the first of the folders that contains a path, or ""."""
    return next((folder for folder in folders if _is_within(path, folder)), "")
