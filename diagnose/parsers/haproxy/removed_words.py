"""Writes directives that HAProxy 2.0 to 2.5 took away in the words that took their place. HAProxy's
messages name the new words ("Use 'http-request add-header' instead"); the old ones are those of the
Configuration Manual 1.9. No I/O."""

import re
from collections.abc import Sequence

_SIMPLE = {
    "clitimeout": "timeout client",
    "contimeout": "timeout connect",
    "srvtimeout": "timeout server",
    "block": "http-request deny",
}
_ADDED = {"reqadd": "http-request", "rspadd": "http-response"}
_DELETED = {
    "reqdel": "http-request", "reqidel": "http-request",
    "rspdel": "http-response", "rspidel": "http-response",
}  # fmt: skip
_REPLACED = {
    "reqrep": "http-request", "reqirep": "http-request",
    "rsprep": "http-response", "rspirep": "http-response",
}  # fmt: skip
_DROPPED = {"nbproc", "bind-process"}
_OPTIONS = {"forceclose": "option httpclose", "http-use-htx": ""}

#: Every directive that is read here; other members of the family ("reqallow") have no counterpart.
REMOVED = frozenset(
    {*_SIMPLE, *_ADDED, *_DELETED, *_REPLACED, *_DROPPED, "redispatch", "monitor-net"}
)

_FIELD = re.compile(r"([A-Za-z0-9_-]{1,100}):\s*(.*)", re.DOTALL)
#: "^Server", "^X-Forwarded-For:.*": a whole field by its name.
_NAME = re.compile(r"\^?([A-Za-z0-9_-]{1,100})(?::[ ]?)?(?:\.\*|\(\.\*\))?\$?")
#: "^([^ :]*) /app/(.*)" with "\1 /\2": the beginning of the path in the request line.
_REQUEST = re.compile(r"\^\(\[\^ ?:? ?\]\*\)[ ](/[\w./-]{0,200})\(\.\*\)\$?")
_NEW_REQUEST = re.compile(r"\\1[ ](/[\w./-]{0,200})\\2")
_PLAIN = re.compile(r"[^\s\"'#\\$]+")


def is_removed(words: Sequence[str]) -> bool:
    """Return whether a line has a directive that is read here."""
    own = tuple(words[1:] if words[0] == "no" else words)
    return words[0] in REMOVED or (own[:1] == ("option",) and "".join(own[1:2]) in _OPTIONS)


def modern(words: Sequence[str]) -> str | None:
    """Return a line with such a directive in today's words, "" if it is to go; None if that is not
    known."""
    keyword, rest = words[0], list(words[1:])
    if keyword in _DROPPED:
        return ""
    if "option" in words[:2]:
        return "" if keyword == "no" else _OPTIONS.get("".join(rest[:1]))
    if keyword == "redispatch":
        return "option redispatch"
    if keyword in _SIMPLE:
        return _joined(_SIMPLE[keyword], rest)
    if keyword == "monitor-net":
        return _joined("http-request return status 200 if { src", [*rest[:1], "}"])
    if not rest:
        return None
    if keyword in _ADDED:
        return _added(_ADDED[keyword], rest)
    if keyword in _DELETED:
        name = _NAME.fullmatch(rest[0])
        return _joined(f"{_DELETED[keyword]} del-header", [name[1], *rest[1:]]) if name else None
    return _replaced(_REPLACED[keyword], rest) if len(rest) > 1 else None


def _added(rules: str, rest: Sequence[str]) -> str | None:
    match = _FIELD.fullmatch(rest[0])
    # The value is a log format now (Configuration Manual, section 8.2.6).
    value = match[2].replace("%", "%%") if match else ""
    return _joined(f"{rules} add-header", [match[1], value, *rest[1:]]) if match else None


def _replaced(rules: str, rest: Sequence[str]) -> str | None:
    pattern, new, condition = rest[0], rest[1], rest[2:]
    path, new_path = _REQUEST.fullmatch(pattern), _NEW_REQUEST.fullmatch(new)
    if path and new_path and rules == "http-request":
        words = [f"^{re.escape(path[1])}(.*)", f"{new_path[1]}\\1", *condition]
        return _joined("http-request replace-path", words)
    old_field, new_field = _FIELD.fullmatch(pattern.removeprefix("^")), _FIELD.fullmatch(new)
    if not old_field or not new_field or old_field[1].lower() != new_field[1].lower():
        return None
    words = [old_field[1], f"^{old_field[2]}", new_field[2].replace("%", "%%"), *condition]
    return _joined(f"{rules} replace-header", words)


def _joined(beginning: str, words: Sequence[str]) -> str | None:
    """Return a line of words, in quotes where they need them; None if quotes cannot hold one."""
    quoted_words = [word if _PLAIN.fullmatch(word) else f"'{word}'" for word in words]
    is_odd = any("'" in word or "\n" in word for word in words)
    return None if is_odd else " ".join([beginning, *quoted_words])
