"""The lines of a Caddyfile that limit the body of a request: `request_body { max_size 10MB }`. No
I/O.

A `request_body` counts where its matcher holds and those of the blocks around it do (Caddyfile,
"request_body"). Of several that count the smallest decides: each reads through the others.
"""

import re
from collections.abc import Iterator, Sequence

from diagnose.model.frozen import frozen
from diagnose.model.web_servers import ServerFile, WebSite
from diagnose.parsers.web_sites import name_matches

#: Maximum number of lines of a site, and of imports in each other.
MAX_LINES, MAX_DEPTH = 5000, 3

#: Sizes with their units, as Caddy's library reads them (go-humanize, ParseBytes).
_SIZE = re.compile(r"(?i)(\d{1,15}(?:\.\d{1,6})?)([kmgt]?)(i?)b?")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
#: Blocks with a matcher behind their name that hold other directives.
_BLOCKS = {"handle", "handle_path", "route"}


@frozen
class BodyLimit:
    """The largest body in bytes, and the line that sets it. `is_certain` is False if a condition is
    not known here."""

    size: int
    file: str
    line: int
    is_certain: bool = True


@frozen
class _Scope:
    """What holds inside of a block: the path as it is there, None if the request does not come
    there; whether that is certain; and whether the block is a `request_body`."""

    path: str | None
    is_certain: bool = True
    is_limit: bool = False


def body_limit(files: Sequence[ServerFile], site: WebSite, path: str) -> BodyLimit | None:
    """Return the limit for requests of a path (without a query) to a site; None without one, or if
    the lines of the site are not known."""
    file = next((file for file in files if file.path == site.file), None)
    if file is None or not 0 < site.line < site.end:
        return None
    rows = list(enumerate(file.text.split("\n"), 1))[site.line : site.end - 1]
    limits = list(_limits(files, file.path, rows[:MAX_LINES], _Scope(path), 0))
    return min(limits, key=lambda limit: (not limit.is_certain, limit.size), default=None)


def _limits(
    files: Sequence[ServerFile],
    file: str,
    rows: Sequence[tuple[int, str]],
    scope: _Scope,
    depth: int,
) -> Iterator[BodyLimit]:
    matchers = _path_matchers(row for _, row in rows)
    scopes = [scope]
    for number, row in rows:
        words = row.partition(" #")[0].split()
        if not words or words[0].startswith("#"):
            continue
        inner = scopes[-1]
        if words == ["}"]:
            scopes = scopes[:-1] or [scope]
        elif words[-1] == "{":
            scopes.append(_inside(inner, words[:-1], matchers))
        elif words[0] == "max_size" and len(words) == 2 and inner.is_limit:
            size = parse_size(words[1])
            if size and inner.path is not None:
                yield BodyLimit(size, file, number, inner.is_certain)
        elif words[0] == "import" and len(words) > 1 and depth < MAX_DEPTH:
            for other, brought in _snippet(files, words[1]):
                yield from _limits(files, other, brought, inner, depth + 1)


def _inside(scope: _Scope, words: list[str], matchers: dict[str, tuple[str, ...]]) -> _Scope:
    """Return what holds inside of a block that begins with these words."""
    name, matcher = words[0] if words else "", words[1] if len(words) > 1 else ""
    is_limit = name == "request_body"
    if scope.path is None or not (is_limit or name in _BLOCKS):
        # In a block of another kind, or of a matcher, nothing is known.
        return _Scope(None)
    if not matcher or matcher == "*":
        return _Scope(scope.path, scope.is_certain, is_limit)
    patterns = (matcher,) if matcher.startswith("/") else matchers.get(matcher, ())
    if not patterns:
        return _Scope(scope.path, False, is_limit)
    own = scope.path.lower()
    if not any(own == pattern.lower() or _matches(pattern, own) for pattern in patterns):
        return _Scope(None)
    path = scope.path
    if name == "handle_path":
        prefix = matcher.rstrip("*").rstrip("/")
        path = "/" + path[len(prefix) :].lstrip("/")
    return _Scope(path, scope.is_certain, is_limit)


def _matches(pattern: str, path: str) -> bool:
    return "*" in pattern and name_matches(pattern.lower(), path)


def _path_matchers(rows: Iterator[str]) -> dict[str, tuple[str, ...]]:
    """Return the named matchers of one line that ask for the path alone."""
    matchers: dict[str, tuple[str, ...]] = {}
    for row in rows:
        words = row.split()
        if len(words) > 2 and words[0].startswith("@") and words[1] == "path" and "{" not in row:
            matchers[words[0]] = tuple(words[2:40])
    return matchers


def _snippet(files: Sequence[ServerFile], name: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Yield the file and the lines of the snippet with a name: `(limits) {`."""
    for file in files:
        rows = list(enumerate(file.text.split("\n"), 1))
        for number, row in rows:
            if row.split() == [f"({name})", "{"]:
                yield file.path, list(_body(rows[number : number + MAX_LINES]))
                return


def _body(rows: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    depth = 1
    for number, row in rows:
        words = row.partition(" #")[0].split()
        depth += (words[-1:] == ["{"]) - (words == ["}"])
        if depth < 1:
            return
        yield number, row


def parse_size(text: str) -> int | None:
    """Return a size in bytes; None for what is none. "10MB" are 10,000,000 bytes, "10MiB"
    10,485,760."""
    match = _SIZE.fullmatch(text)
    if match is None or (match[3] and not match[2]):
        return None
    return int(float(match[1]) * (1024 if match[3] else 1000) ** _POWERS[match[2].lower()])
