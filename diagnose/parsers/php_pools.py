"""Where the pools of PHP-FPM listen, and who may use their sockets, by their own files. No I/O.

php.net, "FPM configuration": listen, listen.owner, listen.acl_users. The last line of a key counts.
"""

import posixpath

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Most lines of a file that are read.
MAX_LINES = 6000
_LINE = lazy_pattern(
    r"[ \t]{0,40}(listen(?:\.owner|\.acl_users|\.acl_groups)?)[ \t]{0,40}=[ \t]{0,40}"
    r"\"?([^;\"\s]{1,200})\"?[ \t]{0,40}(?:;.{0,400})?\r?"
)
_SECTION = lazy_pattern(r"[ \t]{0,40}\[([\w.$-]{1,255})\][ \t\r]{0,40}")
_DEBIAN = lazy_pattern(r"/etc/php/(\d\.\d)/")
_REMI = lazy_pattern(r"/etc/opt/remi/(php\d{2})/")
#: The files of pools: Debian's and Ubuntu's, Fedora's, and those of Remi's collections.
POOL_FILES = (
    "/etc/php/*/fpm/pool.d/*.conf", "/etc/php-fpm.d/*.conf",
    "/etc/opt/remi/php*/php-fpm.d/*.conf",
)  # fmt: skip
#: Those, and of a PHP that was built from source.
ALL_POOL_FILES = (*POOL_FILES, "/usr/local/etc/php-fpm.d/*.conf")


@frozen
class PoolOwner:
    """The line that names the owner of a pool's socket. With `added` there is none, and `number` is
    that of the line of the socket, behind which one belongs."""

    value: str
    number: int
    line: str
    added: bool = False


def socket_owner(text: str, socket: str) -> PoolOwner | None:
    """Return the owner of a socket by the file of its pool. None if another socket is there, if the
    file has several pools, or lists of users, which count in place of the owner."""
    found, pools = dict[str, tuple[str, int, str]](), 0
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        if match := _LINE.fullmatch(line):
            found[match[1]] = (match[2], number, line.rstrip("\r"))
        elif (match := _SECTION.fullmatch(line)) and match[1] != "global":
            pools += 1
    listen = found.get("listen")
    if listen is None or pools != 1 or _real(listen[0]) != _real(socket):
        return None
    if "listen.acl_users" in found or "listen.acl_groups" in found:
        return None
    owner = found.get("listen.owner")
    return PoolOwner(*owner) if owner else PoolOwner("", *listen[1:], added=True)


def _real(path: str) -> str:
    """/var/run is a link to /run (file-hierarchy(7))."""
    path = posixpath.normpath(path)
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def listens_in(text: str) -> dict[str, int]:
    """Return where the pools of a file listen, each with the number of its line. `$pool` is the
    name of the section."""
    found, pool = dict[str, int](), ""
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        if section := _SECTION.fullmatch(line):
            pool = section[1]
        elif (match := _LINE.fullmatch(line)) and match[1] == "listen":
            found.setdefault(match[2].replace("$pool", pool), number)
    return found


def fpm_unit(path: str) -> str:
    """Return the service of the PHP-FPM that reads a file below /etc."""
    if debian := _DEBIAN.match(path):
        return f"php{debian[1]}-fpm"
    remi = _REMI.match(path)
    return f"{remi[1]}-php-fpm" if remi else "php-fpm"
