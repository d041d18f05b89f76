"""The edit that lets nginx keep temporary files on a disk, where a small tmpfs has them now.

nginx makes the folder itself, with the owner that it needs, if it runs as root and the folder above
exists (ngx_create_paths).
"""

import posixpath
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._location_edits import location_fix, setting_edits
from diagnose.model import Applicability, Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.resources import FileSystem
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.proxy_headers import parse_size

_MEMORY = {"tmpfs", "ramfs"}
#: Folders below which a disk may have the new one. SELinux lets nginx write in the first two.
_PLACES = ("/var/lib/nginx", "/var/cache/nginx", "/var/lib")
#: Free bytes of a disk that are enough for the uploads of some visitors.
_ENOUGH = 512 << 20
#: Bytes: the default of client_max_body_size.
_DEFAULT_BODY = 1 << 20


@frozen
class Move:
    """A file system in memory, and the new folder on a disk for what nginx keeps in it."""

    memory: FileSystem
    folder: str
    fix: Fix


def temp_file_move(nginx: Nginx, line: LogLine, folder: str) -> Move | None:
    """Return how the temporary files move from this folder to a disk; None if they are on one, no
    disk has the room, or nginx does not make folders."""
    match = next(iter(nginx.location_matches(line.path)), None)
    memory = memory_of(nginx.evidence, folder)
    name = _directive_name(line)
    is_root = nginx.master is not None and not nginx.master.user
    if match is None or memory is None or not name or not is_root or _is_cache(nginx, folder):
        return None
    parent = next(_parents(nginx.evidence, memory, folder, _body_limit(match)), "")
    if not parent:
        return None
    new_folder = posixpath.join(parent, f"nginx-{posixpath.basename(folder)}")
    is_own = bool(children(match.block, name))
    server = match if is_own else LocationMatch(match.blocks[:2])
    file_edits = setting_edits(nginx, server, {name: new_folder})
    if not file_edits:
        return None
    fix = Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
    return Move(memory, new_folder, fix)


def answers_passed_on_fix(nginx: Nginx, line: LogLine, folder: str) -> Fix | None:
    """Return the fix after which nginx writes no temporary files of an application's answers: it
    reads them as fast as visitors take them ("proxy_max_temp_file_size", nginx.org). None for
    uploads, and where a cache or `proxy_store` keeps the answers, which needs such files."""
    matches = list(nginx.location_matches(line.path))
    temp_path = _directive_name(line)
    protocol = temp_path.removesuffix("_temp_path")
    if len(matches) != 1 or protocol in {"", "client_body"} or _is_cache(nginx, folder):
        return None
    kept = [matches[0].directive(f"{protocol}_{name}") for name in ("cache", "store")]
    if any(directive is not None and directive.args != ("off",) for directive in kept):
        return None
    file_edits = setting_edits(nginx, matches[0], {f"{protocol}_max_temp_file_size": "0"})
    return location_fix(nginx, matches[0], file_edits, sure=False) if file_edits else None


def memory_of(evidence: Evidence, folder: str) -> FileSystem | None:
    """Return the file system in memory that has the folder, None if another has it or it is not
    known which."""
    return next(
        (
            system
            for system in evidence.good(FileSystem)
            if folder in system.paths and system.type in _MEMORY
        ),
        None,
    )


def largest_body(nginx: Nginx, path: str) -> int:
    """Return the bytes that an upload to a path may have, 0 if that is not limited."""
    match = next(iter(nginx.location_matches(path)), None)
    return _body_limit(match) if match else _DEFAULT_BODY


def _body_limit(match: LocationMatch) -> int:
    directive = match.directive("client_max_body_size")
    size = parse_size(directive.args[0]) if directive and directive.args else None
    return _DEFAULT_BODY if size is None else size


def _directive_name(line: LogLine) -> str:
    """Return the directive of the folder: of a body that visitors send, or of an application's
    answer."""
    if not line.doing or "client request body" in line.doing:
        return "client_body_temp_path"
    scheme = line.upstream.partition("://")[0]
    names = {"http": "proxy", "https": "proxy", "fastcgi": "fastcgi", "uwsgi": "uwsgi"}
    is_answer = line.doing == "reading upstream" and scheme in names
    return f"{names[scheme]}_temp_path" if is_answer else ""


def _is_cache(nginx: Nginx, folder: str) -> bool:
    """Return whether a cache of answers has the folder (proxy_cache_path, fastcgi_cache_path)."""
    return any(
        directive.name.endswith("_cache_path") and folder in directive.args[:1]
        for config in nginx.configs
        for http in config.main
        if http.name == "http"
        for directive in http.block or ()
    )


def _parents(evidence: Evidence, memory: FileSystem, folder: str, body: int) -> Iterator[str]:
    """Yield the folders on a disk with room for several of the largest uploads, below which nginx
    can make one."""
    needed = max(_ENOUGH, 2 * body, memory.size)
    for place in dict.fromkeys((posixpath.dirname(folder), *_PLACES)):
        for system in evidence.good(FileSystem):
            is_disk = system.type not in _MEMORY and system.free_files != 0
            if place in system.paths and is_disk and system.free >= needed:
                yield place
