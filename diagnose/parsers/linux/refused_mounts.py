"""Parse why a container that ended could not use what is mounted into it: a folder that its user
may not write, or a folder in the place of a file. No I/O."""

import posixpath
import re
from collections.abc import Iterator

from diagnose.model.containers import DeniedFolder, MisplacedFile
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import UNSAFE, clean

#: EACCES in the words of Node, Go, Python, the shell, .NET, Java and Grafana's run.sh.
_DENIED = re.compile(
    r"permission denied|\bEACCES\b|AccessDenied|\bis denied\b|\bnot writable\b", re.IGNORECASE
)

#: What another owner does not mend (a program that may not be executed), and what stays root's: the
#: keys of certificates, the sockets of engines.
_OTHER = re.compile(
    r"certificate|BIO_new_file|private.?key|\.(?:pem|key|crt|sock)\b|\bexec|\bspawn\b",
    re.IGNORECASE,
)

_PATH = re.compile(r"(?<![\w.:/~-])/[^\s\"'`:,;=()<>\[\]]{1,400}")

#: A network of users of its own, or an engine without root: a number means another user there.
#: `dockerd --userns-remap` keeps its files in a folder UID.GID; those without root in a home.
_OTHER_USERS = re.compile(r"/[0-9]+\.[0-9]+/|/\.local/|\A/(?:home|run/user|tmp)/")

_MAX_LINES = 400


@frozen
class _Owner:
    """Whose a mounted folder of the server is: the numbers of its user and group, its mode."""

    uid: int
    gid: int
    mode: int
    source: str
    point: str

    def closes_to(self, uid: int, gid: int | None) -> bool:
        """Return whether a user may not make files in the folder."""
        bits = self.mode >> 3 if self.gid == gid else self.mode
        return uid != self.uid and bits & 0o3 != 0o3


def denied_folder(output: str, user_text: str) -> DeniedFolder | None:
    """Return the mounted folder of root in which the program of a container was denied a path, by
    the end of its output; None if there is none, or its user is not known. `user_text` has lines
    "user NAME", "mode USERNS", "home PATH", "owner UID GID MODE <tab>SOURCE<tab>POINT" and "passwd
    LINE" (passwd(5))."""
    lines = user_text.splitlines()[:_MAX_LINES]
    fields = dict(line.partition(" ")[::2] for line in lines if not line.startswith("passwd "))
    if fields.get("mode", "") not in {"", "host"} or _OTHER_USERS.search(fields.get("home", "")):
        return None
    uid, gid = _user(fields.get("user", ""), lines)
    if not uid:
        return None
    owners = sorted(_owners(lines), key=lambda owner: -len(owner.point))
    for path in _denied_paths(output):
        owner = next((each for each in owners if _is_within(path, each.point)), None)
        if owner is not None and owner.uid == 0 and owner.closes_to(uid, gid):
            user = str(uid) if gid is None else f"{uid}:{gid}"
            return DeniedFolder(clean(path, 400), owner.point, owner.source, user)
    return None


def misplaced_files(text: str) -> tuple[MisplacedFile, ...]:
    """Parse lines of an empty folder, a tab and a file of its name; return those with one file."""
    files: dict[str, list[str]] = {}
    for line in text.splitlines()[:_MAX_LINES]:
        source, tab, path = line.partition("\t")
        if (
            tab
            and source.startswith("/")
            and path.startswith("/")
            and not UNSAFE.search(source + path)
        ):
            files.setdefault(source, []).append(path)
    return tuple(
        MisplacedFile(source, paths[0]) for source, paths in files.items() if len(paths) == 1
    )


def _user(user: str, lines: list[str]) -> tuple[int, int | None]:
    """Return the numbers of a user and its group as an image names them ("node", "1000:0"); 0 for
    root and for what is not known. `USER` without a group has that of /etc/passwd."""
    name, _, group = user.strip().partition(":")
    entries = (line.removeprefix("passwd ").split(":") for line in lines)
    known = next(
        (entry for entry in entries if len(entry) > 3 and name and name in (entry[0], entry[2])), []
    )
    uid = _number(name) if _number(name) is not None else _number("".join(known[2:3]))
    gid = _number(group) if group else _number("".join(known[3:4]))
    return uid or 0, gid


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else None


def _owners(lines: list[str]) -> Iterator[_Owner]:
    for line in lines:
        head, _, rest = line.partition("\t")
        source, tab, point = rest.partition("\t")
        words = head.split()
        is_complete = len(words) == 4 and words[0] == "owner" and bool(tab)
        if not is_complete or UNSAFE.search(source + point) or not source.startswith("/"):
            continue
        uid, gid = _number(words[1]), _number(words[2])
        if uid is not None and gid is not None and re.fullmatch("[0-7]{1,4}", words[3]):
            yield _Owner(uid, gid, int(words[3], 8), source, point)


def _denied_paths(output: str) -> Iterator[str]:
    for line in output.splitlines()[-_MAX_LINES:]:
        if _DENIED.search(line) and not _OTHER.search(line):
            for match in _PATH.finditer(line[:2000]):
                yield posixpath.normpath(match[0].rstrip("."))


def _is_within(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")
