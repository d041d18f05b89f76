"""Files that contain a site, and the includes that would read them. No I/O."""

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Sequence

from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.server_blocks import Server

#: Longest file name in bytes (limits.h, NAME_MAX); a longer pattern matches no name. The time to
#: compile a pattern grows with the square of its length.
NAME_MAX = 255

#: Names of disabled files: from people, editors, package managers and control panels.
_BACKUP_NAME = re.compile(
    r"(?i)(?:~|\.(?:bak|backup|old|orig|saved?|off|disabled?|swp|tmp|dpkg-\w+|rpm(?:save|new|orig)|"
    r"ucf-\w+|\d{4,})[._-]?\d{0,14}(?:\.conf)?)$|^(?:bak|backup)[._-]"
)


def is_backup_name(path: str) -> bool:
    """Return whether a file's name shows that it was disabled on purpose."""
    return _BACKUP_NAME.search(posixpath.basename(path)) is not None


def serving_block(text: str, path: str, host: str, port: int) -> Server | None:
    """Return a file's server block that listens on the port and names the host. The file is
    parsed on its own."""
    for socket in server_blocks.sockets(blocks_of(text, path), port):
        server, match_kind = server_blocks.select_server(socket, host)
        if match_kind != "default":
            return server
    return None


def blocks_of(text: str, path: str) -> tuple[Server, ...]:
    """Return the server blocks of a file that is parsed on its own."""
    blocks = tuple(
        directive for directive in _http_level(parse(text, path)) if directive.name == "server"
    )
    return server_blocks.servers((Directive("http", (), path, 1, blocks),))


def _http_level(directives: Sequence[Directive]) -> Iterator[Directive]:
    for directive in directives:
        if directive.name == "http":
            yield from directive.block or ()
        else:
            yield directive


def include_patterns(config: NginxConfig) -> tuple[str, ...]:
    """Return the absolute patterns of the includes at the http level, where sites belong."""
    folder, main = posixpath.dirname(config.path), config.file(config.path)
    trees = parse(main.text, main.path) if main else ()
    pending = [
        include
        for http in trees
        if http.name == "http"
        for include in _include_directives(http.block or ())
    ]
    patterns: dict[str, None] = {}
    while pending:
        pattern = posixpath.normpath(posixpath.join(folder, pending.pop(0).args[0]))
        if pattern not in patterns:
            patterns[pattern] = None
            for file in config.files:
                if glob_matches(file.path, pattern):
                    pending += _include_directives(parse(file.text, file.path))
    return tuple(patterns)


def _include_directives(directives: Sequence[Directive]) -> list[Directive]:
    return [directive for directive in directives if directive.name == "include" and directive.args]


def glob_matches(path: str, pattern: str) -> bool:
    """Match like glob(7): a star matches no slash and no leading dot."""
    path_parts, pattern_parts = path.split("/"), pattern.split("/")
    return len(path_parts) == len(pattern_parts) and all(
        len(pattern_part) <= NAME_MAX
        and fnmatch.fnmatchcase(part, pattern_part)
        and (not part.startswith(".") or pattern_part.startswith("."))
        for part, pattern_part in zip(path_parts, pattern_parts, strict=True)
    )


def has_wildcard(pattern: str) -> bool:
    return re.search(r"[*?\[]", posixpath.basename(pattern)) is not None


def matching_path(name: str, pattern: str) -> str | None:
    """Return a path that a pattern includes, for a file of that name: with the same name if that
    matches, otherwise without its backup suffix, otherwise with the pattern's suffix."""
    folder, last = posixpath.split(pattern)
    if has_wildcard(folder):
        return None
    bare = name.lstrip(".").rstrip("~") or name
    conf_name = re.sub(r"^(.*?\.conf)\..*$", r"\1", bare)
    suffix = re.sub(r"^.*[*?\]]", "", last)
    for candidate in (
        name,
        bare,
        conf_name,
        f"{conf_name}{suffix}",
        f"{conf_name.partition('.conf')[0]}{suffix}",
    ):
        if glob_matches(posixpath.join(folder, candidate), pattern) and not is_backup_name(
            candidate
        ):
            return posixpath.join(folder, candidate)
    return None
