"""Select from an access log the paths that visitors asked for again and again and nobody got,
whatever asked for them: clients of an interface, git, docker, browsers without a Referer. No I/O.

Programs that look for weak sites ask for many paths once each, and for files that other software
has. Whoever needs a path asks for it again, or for others of the same folder. A folder of which
somebody got anything is there: what is missing in it may be meant.
"""

import posixpath
from collections.abc import Collection, Iterable, Iterator, Sequence

from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.logs import UnservedRequests
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site
from diagnose.parsers.other_requests import is_asked_by_pages

#: Maximum number of paths that are kept.
MAX_PATHS = 2
#: As many requests for a path, and paths of a folder, are no accident.
_REPEATED, _OF_FOLDER = 2, 3
#: So many first folders of paths that are not there mark a client that looks for weak sites.
_MANY_FOLDERS = 4
#: As many parts of a path are looked at.
_DEEPEST = 8

_NOT_FOUND = 404
_READING = frozenset({"GET", "HEAD"})
#: The ends of files that nothing behind a path has by itself, and that are looked for everywhere.
_LOOKED_FOR = frozenset(
    {
        ".php", ".asp", ".aspx", ".jsp", ".cgi", ".pl", ".env", ".git", ".sql", ".bak", ".old",
        ".zip", ".tar", ".gz", ".yml", ".yaml", ".ini", ".log", ".xml", ".txt", ".ico", ".map",
    }
)  # fmt: skip


@frozen
class _Counted:
    """A path that nobody got: the number of requests, and the time of the last as printed."""

    path: str
    times: int
    written: str


def unserved_requests(
    lines: Iterable[AccessLine],
    file: str,
    names: Collection[str],
    is_shared: bool,
    since: float,
    loaded: float = 0.0,
) -> tuple[UnservedRequests, ...]:
    """Return the paths that nobody got since a time (seconds since the epoch), of folders of which
    nobody got anything since the server loaded its configuration (`loaded`); one of each folder.
    `names` and `is_shared` are those of `failed_requests`."""
    own = [
        line for line in lines if is_of_site(line, names, is_shared, host_of(line.referer) in names)
    ]
    seekers = _seekers(own)
    served = {
        folder
        for line in own
        if line.when >= loaded and line.status != _NOT_FOUND
        for folder in folders_of(line.path)
    }
    groups: dict[str, dict[str, _Counted]] = {}
    for line in own:
        if line.when < since or line.client in seekers or not _is_missed(line):
            continue
        if folder := lost_folder(line.path, served):
            group = groups.setdefault(folder, {})
            times = group[line.path].times + 1 if line.path in group else 1
            group[line.path] = _Counted(line.path, times, line.written)
    requests = (
        _requests(file, folder, list(group.values()))
        for folder, group in groups.items()
        if len(group) >= _OF_FOLDER or max(each.times for each in group.values()) >= _REPEATED
    )
    return tuple(sorted(requests, key=lambda each: -each.times)[:MAX_PATHS])


def lost_folder(path: str, served: Collection[str]) -> str:
    """Return the first folder on the way to a path below which nothing was served ("/api/v2" of
    "/api/v2/items"), or the path itself; "" if something was served there. `served` are the folders
    and paths of what was served (`folders_of`)."""
    return next((folder for folder in folders_of(path) if folder not in served), "")


def folders_of(path: str) -> Iterator[str]:
    """Yield the folders on the way to a path, and the path: "/a", "/a/b" of "/a/b"."""
    parts = path.split("/")[1:_DEEPEST]
    for count in range(1, len(parts) + 1):
        yield "/" + "/".join(parts[:count])


def _requests(file: str, folder: str, group: Sequence[_Counted]) -> UnservedRequests:
    """Return the path of a group that tells most: what is below the folder, and no file."""
    first = min(group, key=lambda each: _weight(each, folder))
    return UnservedRequests(
        vantage=Vantage.SERVER,
        file=file,
        path=first.path,
        folder=folder,
        times=first.times,
        beside=len(group) - 1,
        written=first.written,
    )


def _seekers(lines: Sequence[AccessLine]) -> set[str]:
    """Return the addresses of those who look for weak sites."""
    folders: dict[str, set[str]] = {}
    for line in lines:
        if line.status == _NOT_FOUND:
            folders.setdefault(line.client, set()).add(line.path.split("/")[1])
    return {client for client, names in folders.items() if len(names) >= _MANY_FOLDERS}


def _is_missed(line: AccessLine) -> bool:
    extension = posixpath.splitext(line.path)[1].lower()
    return (
        line.status == _NOT_FOUND
        and line.method in _READING
        and not line.has_query
        and line.path != "/"
        # Where the log does not say who asks, nothing tells a program of the site from a stranger.
        and bool(line.agent)
        and extension not in _LOOKED_FOR
        and is_asked_by_pages(line.path)
    )


def _weight(counted: _Counted, folder: str) -> tuple[bool, bool, int, int]:
    is_folder = counted.path.rstrip("/") == folder.rstrip("/")
    return is_folder, bool(posixpath.splitext(counted.path)[1]), -counted.times, len(counted.path)
