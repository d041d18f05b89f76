"""Corrects the lines of a Caddyfile that hold words of Caddy 1, nginx or Apache, or an address
without its directive. Sources: Caddy's documentation, "Upgrade Guide" (from v1 to v2), and the
documentation of Caddy 1 for `proxy`, `fastcgi`, `ext`, `status`. No I/O.

All such lines of a file are corrected, or none: Caddy's test names only the first.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.caddy.mistakes import Mistake

#: Maximum number of lines that are read, and of characters of a line that is corrected.
_MAX_LINES, _MAX_LINE = 5000, 500

_TARGET = re.compile(
    r"((?:https?|h2c)://)?(?:[\w.-]{0,253}|\[[0-9A-Fa-f:]{2,45}\])(:[0-9]{1,5})?/?"
)
_SOCKET = re.compile(r"unix:/?(/\S{1,200})")
_PATH = re.compile(r"/[\w./-]{0,200}")
#: A placeholder of Caddy 1 or a variable of nginx within a value.
_PLACEHOLDER = re.compile(r"\{[^{}]{1,100}\}|\$\w{1,60}")
_PLACEHOLDERS = {
    "{host}": "{host}", "{scheme}": "{scheme}", "{remote}": "{remote_host}", "{uri}": "{uri}",
    "{remote_host}": "{remote_host}", "{path}": "{path}", "$host": "{host}", "$http_host": "{host}",
    "$scheme": "{scheme}", "$remote_addr": "{remote_host}", "$request_uri": "{uri}",
}  # fmt: skip
#: The fields that Caddy sends by itself.
_OWN_FIELDS = {
    "upgrade", "connection", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
}  # fmt: skip
#: Blocks within a site in which directives stand.
_GROUPS = {"handle", "handle_path", "route", "handle_errors"}
_PROXIES = {"proxy", "reverse_proxy"}


@frozen
class _Line:
    """A line without its indentation, and what it stands in: the first words of the blocks around
    it, the outermost first."""

    words: tuple[str, ...]
    is_opening: bool
    blocks: tuple[str, ...]

    @property
    def is_directive(self) -> bool:
        return len(self.blocks) < 2 or self.blocks[-1] in _GROUPS

    @property
    def is_of_proxy(self) -> bool:
        return bool(self.blocks) and self.blocks[-1] in _PROXIES


#: The lines in the place of one, without their indentation; None if only a person knows them.
_New = tuple[str, ...] | None


def corrected_lines(
    lines: Sequence[str], number: int, mistake: Mistake
) -> Mapping[int, tuple[str, ...]]:
    """Return the lines that take the place of others, with their indentation, by their numbers from
    1. `number` is the line that Caddy names. Empty if a person has to correct one of them."""
    if mistake.kind not in {"address", "old", "needless", "foreign"} or len(lines) > _MAX_LINES:
        return {}
    changes: dict[int, tuple[str, ...]] = {}
    blocks: list[str] = []
    for place, text in enumerate(lines, 1):
        words = tuple(text.partition(" #")[0].split())
        if not words or words[0].startswith("#"):
            continue
        is_opening = words[-1] == "{"
        line = _Line(words[:-1] if is_opening else words, is_opening, tuple(blocks))
        if words == ("}",):
            blocks = blocks[:-1]
        elif is_opening:
            blocks.append(words[0])
        change = _change_of(line, place == number and mistake.kind == "address")
        if change is None:
            continue
        new = change(line) if len(text) <= _MAX_LINE and " #" not in text else None
        if new is None:
            return {}
        indent = text[: len(text) - len(text.lstrip())]
        end = " {" if is_opening and new else ""
        changes[place] = tuple(
            f"{indent}{own}" for own in (*new[:-1], *(x + end for x in new[-1:]))
        )
    return changes if number in changes else {}


def _change_of(line: _Line, is_address: bool) -> Callable[[_Line], _New] | None:
    """Return what corrects a line; None if nothing is wrong with it."""
    word = line.words[0].lower() if line.words else ""
    if is_address:
        return _address
    if line.is_of_proxy and word in _OF_PROXY:
        return _OF_PROXY[word]
    return _DIRECTIVES.get(word) if line.is_directive else None


def _address(line: _Line) -> _New:
    """An application's address without `reverse_proxy`. With a brace it may be another site."""
    targets = [_target(word) for word in line.words]
    return None if line.is_opening or not all(targets) else (f"reverse_proxy {' '.join(targets)}",)


def _target(word: str) -> str:
    """Return an application as Caddy 2 writes it; "" if its address has a path."""
    if socket := _SOCKET.fullmatch(word):
        return f"unix/{socket[1]}"
    if word.startswith("unix//"):
        return word
    match = _TARGET.fullmatch(word)
    return word.rstrip("/") if match and (match[1] or match[2]) else ""


def _proxy(line: _Line) -> _New:
    """`proxy FROM TO…` of Caddy 1: FROM is the beginning of a path."""
    path, targets = line.words[1:2], [_target(word) for word in line.words[2:]]
    if not path or not _PATH.fullmatch(path[0]) or not targets or not all(targets):
        return None
    matcher = "" if path[0] == "/" else f"{path[0].rstrip('/')}* "
    return (f"reverse_proxy {matcher}{' '.join(targets)}",)


def _php(line: _Line) -> _New:
    """`fastcgi / ADDRESS php`."""
    if len(line.words) != 4 or line.words[1] != "/" or line.words[3] != "php" or line.is_opening:
        return None
    target = _target(line.words[2])
    return (f"php_fastcgi {target}",) if target and "://" not in target else None


def _endings(line: _Line) -> _New:
    """`ext .html`."""
    endings = line.words[1:]
    if not endings or line.is_opening or not all(re.fullmatch(r"\.\w{1,10}", e) for e in endings):
        return None
    return (f"try_files {{path}} {' '.join(f'{{path}}{ending}' for ending in endings)}",)


def _status(line: _Line) -> _New:
    """`status CODE PATH`."""
    if len(line.words) != 3 or not re.fullmatch(r"[1-5]\d\d", line.words[1]) or line.is_opening:
        return None
    return (f"respond {line.words[2]} {line.words[1]}",) if _PATH.fullmatch(line.words[2]) else None


def _bare(new: str) -> Callable[[_Line], _New]:
    """Correct a word that stands alone."""
    return lambda line: (new,) if len(line.words) == 1 and not line.is_opening else None


def _no_line(line: _Line) -> _New:
    return None if line.is_opening else ()


def _renamed(new: str) -> Callable[[_Line], _New]:
    """Give a directive its new name; its values stay."""

    def rename(line: _Line) -> _New:
        values = [_value(word) for word in line.words[1:]]
        if line.is_opening or not values or not all(values):
            return None
        return (f"{new} {' '.join(values)}",)

    return rename


def _value(word: str) -> str:
    """Return a value with Caddy's placeholders; "" if one is not known."""
    names = _PLACEHOLDER.findall(word)
    if any(name not in _PLACEHOLDERS for name in names):
        return ""
    return _PLACEHOLDER.sub(lambda match: _PLACEHOLDERS[match[0]], word)


def _unverified(line: _Line) -> _New:
    if len(line.words) > 1 or line.is_opening:
        return None
    return ("transport http {", "\ttls_insecure_skip_verify", "}")


def _unpassed(line: _Line) -> _New:
    """`proxy_pass URL;` of nginx."""
    words = _unended(line)
    target = _target(words[1]) if len(words) == 2 and not line.is_opening else ""
    return (f"reverse_proxy {target}",) if target else None


def _field(line: _Line) -> _New:
    """`proxy_set_header NAME VALUE;` of nginx."""
    words = _unended(line)
    if len(words) != 3 or line.is_opening:
        return None
    is_own = words[1].lower() in _OWN_FIELDS
    if is_own and (words[2].startswith("$") or words[1].lower() in {"upgrade", "connection"}):
        return ()
    value = _value(words[2])
    return (f"header_up {words[1]} {value}",) if value else None


def _apache_pass(line: _Line) -> _New:
    """`ProxyPass / URL` of Apache."""
    words = line.words
    target = _target(words[2]) if len(words) == 3 and words[1] == "/" else ""
    return (f"reverse_proxy {target}",) if target and not line.is_opening else None


def _unended(line: _Line) -> tuple[str, ...]:
    """Return the words of a line of nginx without its semicolon."""
    words = (*line.words[:-1], line.words[-1].removesuffix(";"))
    return tuple(word for word in words if word)


#: Within `proxy` or `reverse_proxy`.
_OF_PROXY: Mapping[str, Callable[[_Line], _New]] = {
    "transparent": _no_line,
    "websocket": _no_line,
    "header_upstream": _renamed("header_up"),
    "header_downstream": _renamed("header_down"),
    "insecure_skip_verify": _unverified,
    "policy": _renamed("lb_policy"),
    "try_duration": _renamed("lb_try_duration"),
    "try_interval": _renamed("lb_try_interval"),
    "health_check": _renamed("health_uri"),
    "health_check_interval": _renamed("health_interval"),
    "health_check_timeout": _renamed("health_timeout"),
    "health_check_port": _renamed("health_port"),
    "proxy_set_header": _field,
}

_DIRECTIVES: Mapping[str, Callable[[_Line], _New]] = {
    "proxy": _proxy,
    "fastcgi": _php,
    "gzip": _bare("encode gzip"),
    "browse": _bare("file_server browse"),
    "ext": _endings,
    "status": _status,
    "proxy_pass": _unpassed,
    "proxypass": _apache_pass,
}
