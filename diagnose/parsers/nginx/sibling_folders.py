"""Folders beside the one in which nginx looks for a file: those of its other locations and of the
site's other server blocks, and those of the programs behind it. No I/O."""

import posixpath
from collections.abc import Iterable, Iterator

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.sanitize import UNSAFE

#: Maximum number of folders, and of paths in them.
MAX_FOLDERS, MAX_PATHS = 8, 24


def folders_of(servers: Iterable[Server], host: str) -> tuple[str, ...]:
    """Return the folders of `root` and `alias` in the server blocks of this name, and of names of
    the same domain ("admin.example.com" beside "shop.example.com")."""
    folders: dict[str, None] = {}
    for server in servers:
        if any(_is_related(name, host) for name in server.names):
            for directive in walk(server.block.block or ()):
                if (folder := _folder(directive)) is not None:
                    folders.setdefault(folder)
    return tuple(folders)[:MAX_FOLDERS]


def _is_related(name: str, host: str) -> bool:
    own, other = host.lower().split(".")[-2:], name.lower().strip(".").split(".")[-2:]
    return own == other and len(own) == 2


def _folder(directive: Directive) -> str | None:
    if directive.name not in {"root", "alias"} or not directive.args:
        return None
    folder = directive.args[0]
    is_plain = folder.startswith("/") and "$" not in folder and not UNSAFE.search(folder)
    return posixpath.normpath(folder) if is_plain else None


def paths_in(folders: Iterable[str], programs: Iterable[str], path: str) -> tuple[str, ...]:
    """Return where a file with this path of a URL would lie: in nginx's folders whole (`root`) or
    without its first folder (`alias`); in a program's folder and the one around it also below
    "public"."""
    if UNSAFE.search(path) or ".." in path or path.endswith("/"):
        return ()
    found = dict.fromkeys((*_in_nginx(folders, path), *_in_programs(programs, path)))
    return tuple(found)[:MAX_PATHS]


def _in_nginx(folders: Iterable[str], path: str) -> Iterator[str]:
    rest = path.lstrip("/").partition("/")[2]
    for folder in folders:
        yield posixpath.normpath(f"{folder}{path}")
        if rest:
            yield posixpath.normpath(f"{folder}/{rest}")


def _in_programs(programs: Iterable[str], path: str) -> Iterator[str]:
    if "/" not in path.lstrip("/"):
        return  # a file beside the program's own is none for visitors
    for program in programs:
        if program.startswith("/") and program != "/":
            for folder in (program, posixpath.dirname(program)):
                for public in ("", "/public"):
                    if folder != "/" and not UNSAFE.search(folder):
                        yield posixpath.normpath(f"{folder}{public}{path}")
