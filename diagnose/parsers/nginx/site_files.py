"""Files that hold a site, and the includes that would read them. Pure."""

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Sequence

from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.server_blocks import Server

#: Names that a file gets when it is put aside: by hand, by editors, by package managers, by panels.
#: Bytes of a file's name (limits.h, NAME_MAX): what is longer fits none. To read a pattern takes
#: the square of its length.
LONGEST_NAME = 255

_ASIDE = re.compile(
    r"(?i)(?:~|\.(?:bak|backup|old|orig|saved?|off|disabled?|swp|tmp|dpkg-\w+|rpm(?:save|new|orig)|"
    r"ucf-\w+|\d{4,})[._-]?\d{0,14}(?:\.conf)?)$|^(?:bak|backup)[._-]"
)


def is_aside(path: str) -> bool:
    """Whether a file's name says that it was put aside on purpose."""
    return _ASIDE.search(posixpath.basename(path)) is not None


def serving_block(text: str, path: str, host: str, port: int) -> Server | None:
    """The server block of a file, read by itself, that is named as the host and listens there."""
    blocks = tuple(one for one in _top(parse(text, path)) if one.name == "server")
    every = server_blocks.servers((Directive("http", (), path, 1, blocks),))
    for socket in server_blocks.sockets(every, port):
        server, how = server_blocks.choose(socket, host)
        if how != "default":
            return server
    return None


def _top(directives: Sequence[Directive]) -> Iterator[Directive]:
    for one in directives:
        if one.name == "http":
            yield from one.block or ()
        else:
            yield one


def patterns(config: NginxConfig) -> tuple[str, ...]:
    """What is included at the level of http, where sites belong: patterns with whole paths."""
    folder, main = posixpath.dirname(config.path), config.file(config.path)
    trees = parse(main.text, main.path) if main else ()
    wanted = [one for http in trees if http.name == "http" for one in _included(http.block or ())]
    found: dict[str, None] = {}
    while wanted:
        pattern = posixpath.normpath(posixpath.join(folder, wanted.pop(0).args[0]))
        if pattern not in found:
            found[pattern] = None
            for file in config.files:
                if fits(file.path, pattern):
                    wanted += _included(parse(file.text, file.path))
    return tuple(found)


def _included(directives: Sequence[Directive]) -> list[Directive]:
    return [one for one in directives if one.name == "include" and one.args]


def fits(path: str, pattern: str) -> bool:
    """As glob(7) has it: a star ends at a slash, and does not begin with a dot."""
    parts, given = path.split("/"), pattern.split("/")
    return len(parts) == len(given) and all(
        len(one) <= LONGEST_NAME
        and fnmatch.fnmatchcase(part, one)
        and (not part.startswith(".") or one.startswith("."))
        for part, one in zip(parts, given, strict=True)
    )


def is_wild(pattern: str) -> bool:
    return re.search(r"[*?\[]", posixpath.basename(pattern)) is not None


def fitting(name: str, pattern: str) -> str | None:
    """A path under which a file of that name would be read by a pattern: its own name if that
    will do, else without what put it aside, else with the pattern's suffix."""
    folder, last = posixpath.split(pattern)
    if is_wild(folder):
        return None
    bare = name.lstrip(".").rstrip("~") or name
    cut = re.sub(r"^(.*?\.conf)\..*$", r"\1", bare)
    suffix = re.sub(r"^.*[*?\]]", "", last)
    for one in (name, bare, cut, f"{cut}{suffix}", f"{cut.partition('.conf')[0]}{suffix}"):
        if fits(posixpath.join(folder, one), pattern) and not is_aside(one):
            return posixpath.join(folder, one)
    return None
