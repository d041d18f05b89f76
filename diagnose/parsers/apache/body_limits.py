"""The lines of Apache's files that limit the body of a request (core, "LimitRequestBody"), and
which of them counts for a path ("Configuration Sections", "How the sections are merged"). No I/O.

A section with a pattern is not evaluated: its lines are left out.
"""

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.apache.config import Directive, parse
from diagnose.parsers.web_sites import site_at, takes

_TRANSPARENT = frozenset({"ifmodule", "ifdefine", "ifversion"})
_OWN_FILE = ".htaccess"
_PATTERN = frozenset("*?[")

#: The order in which lines are merged: outside of sections, folders, paths.
_OUTSIDE, _FOLDER, _PATH = 0, 1, 2


@frozen
class BodyLimit:
    """A limit in bytes (0 is none) and its line. The limit with the largest `rank` counts."""

    rank: tuple[int, int, int]
    size: int
    file: str
    line: int

    @property
    def is_of_folder(self) -> bool:
        """Whether the line stands in an .htaccess, which Apache reads for each request."""
        return posixpath.basename(self.file) == _OWN_FILE


def body_limit(config: WebServerConfig, site: WebSite, path: str) -> BodyLimit | None:
    """Return the limit that counts for a path of a site; None without a line for it. The .htaccess
    among the files are those that Apache reads."""
    parsed = [(file.path, parse(file.text, file.path)) for file in config.files]
    hosts = [_host(directives, site) for _, directives in parsed]
    own = [line for host in hosts if host for line in host.block or ()]
    served = served_path(own, site, path)
    limits: list[BodyLimit] = []
    for name, directives in parsed:
        if posixpath.basename(name) == _OWN_FILE:
            folder = f"{posixpath.dirname(name).rstrip('/')}/"
            if served.startswith(folder):
                limits += _limits(directives, served, path, (_FOLDER, len(folder), 2))
        else:
            limits += _limits(directives, served, path, (_OUTSIDE, 0, 0))
    limits += _limits(own, served, path, (_OUTSIDE, 0, 1))
    # Of lines with the same rank the last one counts.
    return max(reversed(limits), key=lambda limit: limit.rank, default=None)


def served_path(own: Iterable[Directive], site: WebSite, path: str) -> str:
    """Return the file that a path of a site asks for: below an Alias or a ScriptAlias of its
    virtual host (`own`) or the folder of the site; "" if none is known."""
    for line in _plain_lines(own):
        if line.name != "scriptalias" or len(line.args) != 2 or not takes(line.args[0], path):
            continue
        return posixpath.normpath(line.args[1] + "/" + path[len(line.args[0]) :])
    placed, inner = site_at(site, path)
    if not placed.root.startswith("/"):
        return ""
    ending = "/" if inner.endswith("/") else ""
    return posixpath.normpath(f"{placed.root}/{inner}") + ending


def folders_to(served: str) -> list[str]:
    """Return the folders on the way to a file, from the first below the root on."""
    folder = posixpath.dirname(served)
    parts = [part for part in folder.split("/") if part]
    return ["/" + "/".join(parts[:number]) for number in range(1, len(parts) + 1)]


def _host(directives: Sequence[Directive], site: WebSite) -> Directive | None:
    place = (site.file, site.line)
    hosts = (
        plain_line for plain_line in _plain_lines(directives) if plain_line.name == "virtualhost"
    )
    return next((host for host in hosts if (host.file, host.line) == place), None)


def _plain_lines(directives: Iterable[Directive]) -> Iterator[Directive]:
    """Yield the directives and sections, those in <IfModule> and the like too."""
    for directive in directives:
        if directive.block is not None and directive.name in _TRANSPARENT:
            yield from _plain_lines(directive.block)
        else:
            yield directive


def _limits(
    directives: Iterable[Directive], served: str, path: str, rank: tuple[int, int, int]
) -> Iterator[BodyLimit]:
    for line in _plain_lines(directives):
        if line.name == "limitrequestbody" and line.args[:1] and _is_number(line.args[0]):
            yield BodyLimit(rank, int(line.args[0]), line.file, line.line)
        elif line.block is not None and (inner := _section_rank(line, served, path, rank)):
            yield from _limits(line.block, served, path, inner)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 16


def _section_rank(
    section: Directive, served: str, path: str, rank: tuple[int, int, int]
) -> tuple[int, int, int] | None:
    """Return the rank of the lines of a section, None if it is not for the request."""
    prefix = "".join(section.args[:1])
    if len(section.args) != 1 or _PATTERN & set(prefix):
        return None
    if section.name == "location" and takes(prefix, path):
        return _PATH, 0, rank[2]
    folder = f"{prefix.rstrip('/')}/"
    if section.name == "directory" and served.startswith(folder):
        return _FOLDER, len(folder), rank[2]
    return None
