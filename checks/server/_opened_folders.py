"""Opens the way to a file of the site for the user of the web server (path_resolution(7))."""

from diagnose.model import Applicability, Command, Fix, commands
from diagnose.model.files import Access, PathComponent

#: Folders whose files are private. They are not opened; the site is moved. A link of the site may
#: lead to a file of the system, as /etc/shadow.
PRIVATE_FOLDERS = (
    "/root/", "/tmp/", "/var/tmp/", "/etc/", "/proc/", "/sys/", "/dev/", "/run/", "/boot/",
    "/var/log/", "/var/lib/private/",
)  # fmt: skip


def is_private(path: str) -> bool:
    """Return whether a file is in a private folder, or hidden: it is not for visitors. An .htaccess
    is for the server, which sends it to nobody."""
    name = path.rpartition("/")[2]
    return path.startswith(PRIVATE_FOLDERS) or (name.startswith(".") and name != ".htaccess")


def opening_fix(access: Access) -> Fix | None:
    """Return the fix that lets all users enter the folders and read the file; None for a file that
    is private, or to which a link leads through a private folder."""
    folders = (f"{part.path}/" for part in access.denied_parts)
    through_private = any(folder.startswith(PRIVATE_FOLDERS) for folder in folders)
    if is_private(access.path) or through_private:
        return None
    return Fix(tuple(map(_opened, access.denied_parts)), Applicability.REVIEW)


def _opened(part: PathComponent) -> Command:
    return commands.chmod(f"o+{'x' if part.folder else 'r'}", part.path, before=part.mode)
