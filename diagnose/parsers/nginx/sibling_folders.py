"""Folders beside the one in which nginx looks for a file: those of its other locations and of the
site's other server blocks, and those of the programs behind it. No I/O."""

import posixpath
import re
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
    paths = dict.fromkeys((*_in_nginx(folders, path), *_in_programs(programs, path)))
    return tuple(paths)[:MAX_PATHS]


def _in_nginx(folders: Iterable[str], path: str) -> Iterator[str]:
    rest = path.lstrip("/").partition("/")[2]
    for folder in folders:
        yield posixpath.normpath(f"{folder}{path}")
        if rest:
            yield posixpath.normpath(f"{folder}/{rest}")


def _in_programs(programs: Iterable[str], path: str) -> Iterator[str]:
    if "/" not in path.lstrip("/"):
        return  # a file beside the program's own is none for visitors
    absolute = (program for program in programs if program.startswith("/") and program != "/")
    folders = (folder for each in absolute for folder in (each, posixpath.dirname(each)))
    for folder in folders:
        if folder != "/" and not UNSAFE.search(folder):
            for public in ("", "/public"):
                yield posixpath.normpath(f"{folder}{public}{path}")


#: Endings of files that sites show or give to visitors. What may be a setting, a program's source
#: or a list of customers is left out.
_SHOWN = re.compile(
    r"\.(?:png|jpe?g|gif|webp|avif|svg|ico|css|m?js|woff2?|ttf|otf|mp[34]|webm|og[gv]|wav|m4[av]|pdf"
    r"|epub|zip|t?gz|xz|7z|rar|exe|msi|dmg|apk|deb|rpm|iso|appimage)",
    re.IGNORECASE,
)
#: Names of folders that are for nobody else.
_KEPT = re.compile(
    r"(?i)/(?:\.|[^/]*(?:backup|private|secret|config|admin|internal|intern|dump|log|tmp))[^/]*/"
)


def shown_file(path: str) -> bool:
    """Return whether a path of a URL is that of a file for visitors, in a folder for them."""
    plain = path.partition("?")[0]
    return bool(_SHOWN.fullmatch(posixpath.splitext(plain)[1])) and not _KEPT.search(plain)


#: Folders of sites, and of programs with pages. Those of packages' documentation are left out.
SITE_FOLDERS = (
    "/var/www", "/srv", "/opt", "/usr/share/nginx", "/usr/local/www", "/home", "/var/lib",
    "/var/cache", "/www/wwwroot", "/data",
)  # fmt: skip
#: Characters of a path that mean nothing to find(1).
_PLAIN_PATH = re.compile(r"[\w./@~+-]+", re.ASCII)
#: Names of folders in a path that say which file it is, with the name of the file.
_LEAST_NAMES = 2


def searched_suffix(path: str) -> str:
    """Return the end of the paths at which a file of the site may lie on the server: the whole path
    of its URL without the first folder, which may be nginx's alone. "" if what is left is the name
    of many files."""
    names = [name for name in path.split("/") if name]
    rest = names[1:] if len(names) > _LEAST_NAMES else names
    suffix = "/".join(rest)
    is_plain = bool(_PLAIN_PATH.fullmatch(suffix)) and ".." not in rest and not path.endswith("/")
    return suffix if is_plain and len(rest) >= _LEAST_NAMES else ""


def only_file(files: Iterable[str], path: str) -> str:
    """Return the only one of these files, or the only one that has the whole path; "" if there are
    more."""
    known = [file for file in files if file.startswith("/") and not UNSAFE.search(file)]
    whole = [file for file in known if file.endswith(path)]
    chosen = whole or known
    return chosen[0] if len(chosen) == 1 else ""
