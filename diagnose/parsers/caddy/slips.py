"""Mends the slips of a Caddyfile that Caddy's test refuses: a brace that is glued to a word, a
block on one line, a `}` too many or missing, a matcher or a unit that is left out, a line that
stands outside of its block. Source: Caddy's documentation, "Caddyfile Concepts" and "Caddyfile
Directives". No I/O.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from diagnose.model.frozen import frozen

#: Maximum number of lines that are read, and of characters of a line that is mended.
_MAX_LINES, _MAX_LINE = 5000, 500

Kind = str
Changes = Mapping[int, tuple[str, ...]]


@frozen
class Slip:
    """The lines that take the place of others, by their numbers from 1, and what was wrong: "brace"
    (no blank before it, or it stands on a line with what is in it), "unclosed", "closed_twice",
    "comma", "matcher", "unit", "outside" (a line of a block that stands outside of it), "newer" (a
    word of a newer Caddy), "encoder", "policy", "log_file", or "top_level" (a directive behind the
    end of a site)."""

    kind: Kind
    changes: Changes


def slip_of(lines: Sequence[str], number: int, message: str) -> Slip | None:
    """Return the slip behind an error of `caddy adapt`, which names line `number` (0: none); None
    if it is not known."""
    if len(lines) > _MAX_LINES:
        return None
    for kind, pattern, mend in _SLIPS:
        if match := re.search(pattern, message):
            changes = mend(lines, number, match)
            if changes:
                return Slip(kind, changes)
    return None


def _code(text: str) -> str:
    """Return a line without its comment; "" if it is too long to be read."""
    bare = text if len(text) <= _MAX_LINE else ""
    return "" if bare.lstrip().startswith("#") else bare.partition(" #")[0].rstrip()


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _braces(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """Set every brace apart from the word before it, and every block on lines of its own."""
    changes: dict[int, tuple[str, ...]] = {}
    for place, text in enumerate(lines, 1):
        words = _code(text).split()
        if any(sign in text for sign in '"`') or not words:
            continue
        glued = re.fullmatch(r"(.{1,400}[^\s{(\\$])\{", _code(text))
        inner = words[words.index("{") + 1 : -1] if "{" in words and words[-1] == "}" else []
        indent = _indent(text)
        step = "\t" if "\t" in indent or not indent else "    "
        if glued:
            changes[place] = (f"{glued[1]} {{",)
        elif inner and not {"{", "}"} & set(inner):
            head = " ".join(words[: words.index("{") + 1])
            changes[place] = (f"{indent}{head}", f"{indent}{step}{' '.join(inner)}", f"{indent}}}")
    return changes


def _depths(lines: Sequence[str]) -> list[int]:
    """Return how many blocks are open behind each line."""
    depth, depths = 0, list[int]()
    for text in lines:
        words = _code(text).split()
        depth += (words[-1:] == ["{"]) - (words == ["}"])
        depths.append(depth)
    return depths


def _missing_end(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """Close the last block at the end of the file, if it is a site's and the only one that is open,
    and no other site begins in it."""
    depths = _depths(lines)
    last = max((place for place, text in enumerate(lines, 1) if text.strip()), default=0)
    start = max((place for place, depth in enumerate(depths, 1) if depth == 0), default=0)
    inner = [_code(text).split() for text in lines[start + 1 : last]]
    has_site = any(words[-1:] == ["{"] and "." in words[0] for words in inner if words)
    if not last or depths[last - 1] != 1 or min(depths) < 0 or has_site:
        return {}
    return {last: (lines[last - 1], "}")}


def _needless_end(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """Take away the one `}` at the end of the file that closes nothing."""
    depths = _depths(lines)
    first = next((place for place, depth in enumerate(depths, 1) if depth < 0), 0)
    rest = "".join(lines[first:]).strip() if first else ""
    return {first: ()} if first and not rest else {}


def _comma(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    if not 0 < number <= len(lines) or "," not in _code(lines[number - 1]):
        return {}
    return {number: (re.sub(r",(?=\S)", ", ", _code(lines[number - 1])),)}


def _matcher(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """`root /srv/site` takes the folder for a matcher."""
    words = _code(lines[number - 1]).split() if 0 < number <= len(lines) else []
    if len(words) != 2 or words[0] != match[1] or not words[1].startswith("/"):
        return {}
    return {number: (f"{_indent(lines[number - 1])}{words[0]} * {words[1]}",)}


def _unit(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """A duration is in seconds for whom nginx or HAProxy is familiar."""
    text = _code(lines[number - 1]) if 0 < number <= len(lines) else ""
    if text.split()[-1:] != [match[1]]:
        return {}
    return {number: (f"{text}s",)}


def _newer(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """Caddy before 2.8 has `basicauth` alone."""
    changes = {}
    for place, text in enumerate(lines, 1):
        if _code(text).split()[:1] == ["basic_auth"]:
            changes[place] = (text.replace("basic_auth", "basicauth", 1),)
    return changes if number in changes else {}


def _encoder(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """No build of Caddy compresses with brotli by itself."""
    words = _code(lines[number - 1]).split() if 0 < number <= len(lines) else []
    kept = [word for word in words if word != match[1]]
    if words[:1] != ["encode"] or len(kept) == len(words) or len(kept) < 2 or kept[1] == "{":
        return {}
    return {number: (f"{_indent(lines[number - 1])}{' '.join(kept)}",)}


def _policy(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    bare = re.sub(r"[_-]", "", match[1]).lower()
    right = next((name for name in _POLICIES if name.replace("_", "") == bare), "")
    text = _code(lines[number - 1]) if 0 < number <= len(lines) else ""
    if not right or text.split()[:2] != ["lb_policy", match[1]]:
        return {}
    return {number: (text.replace(match[1], right, 1),)}


_POLICIES = (
    "random", "random_choose", "first", "round_robin", "weighted_round_robin", "least_conn",
    "ip_hash", "client_ip_hash", "uri_hash", "query", "header", "cookie",
)  # fmt: skip


def _log_file(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """`log FILE` of Caddy 1, and `output FILE` without its word `file`."""
    text = _code(lines[number - 1]) if 0 < number <= len(lines) else ""
    words, indent = text.split(), _indent(text)
    if len(words) != 2 or not re.fullmatch(r"/[\w./-]{1,200}", words[1]):
        return {}
    step = "\t" if "\t" in indent or not indent else "    "
    if words[0] == "log":
        inner = f"{indent}{step}output file {words[1]}"
        return {number: (f"{indent}log {{", inner, f"{indent}}}")}
    return {number: (f"{indent}output file {words[1]}",)} if words[0] == "output" else {}


#: Lines of a `reverse_proxy`, and of its `transport http`.
_OF_PROXY = re.compile(r"header_up|header_down|lb_\w{1,20}|health_\w{1,20}|flush_interval|to")
_OF_TRANSPORT = re.compile(
    r"tls_insecure_skip_verify|tls_server_name|tls_trusted_ca_certs|response_header_timeout"
    r"|dial_timeout|read_timeout|write_timeout|keepalive|versions"
)


def _into_transport(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """A line of `transport http` that stands in `reverse_proxy` itself."""
    text = _code(lines[number - 1]) if 0 < number <= len(lines) else ""
    if not _OF_TRANSPORT.fullmatch((text.split() or [""])[0]) or text.endswith("{"):
        return {}
    indent, end = _indent(text), number
    while end < len(lines) and _OF_TRANSPORT.fullmatch((_code(lines[end]).split() or [""])[0]):
        end += 1
    step = "\t" if "\t" in indent or not indent else "    "
    if any("transport" in _code(line).split()[:1] for line in lines):
        return {}
    inner = [f"{step}{_code(line)}" for line in lines[number - 1 : end]]
    changes: dict[int, tuple[str, ...]] = dict.fromkeys(range(number, end + 1), ())
    changes[number] = (f"{indent}transport http {{", *inner, f"{indent}}}")
    return changes


def _into_proxy(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """A line of `reverse_proxy` that stands beneath it and not in its block."""
    first = number
    while first > 1 and _OF_PROXY.fullmatch((_code(lines[first - 2]).split() or [""])[0]):
        first -= 1
    head = _code(lines[first - 2]) if 1 < first <= len(lines) else ""
    end = first
    while end <= len(lines) and _OF_PROXY.fullmatch((_code(lines[end - 1]).split() or [""])[0]):
        if _code(lines[end - 1]).endswith("{"):
            return {}
        end += 1
    if head.split()[:1] != ["reverse_proxy"] or head.endswith(("{", "\\")) or end <= number:
        return {}
    indent = _indent(head)
    step = "\t" if "\t" in indent or not indent else "    "
    inner = [f"{indent}{step}{_code(line).strip()}" for line in lines[first - 1 : end - 1]]
    changes: dict[int, tuple[str, ...]] = dict.fromkeys(range(first, end), ())
    changes[first - 1] = (f"{head} {{", *inner, f"{indent}}}")
    return changes


#: Directives that a person writes at the beginning of a line (Caddyfile Directives).
_DIRECTIVES = frozenset(
    {
        "root", "file_server", "reverse_proxy", "php_fastcgi", "encode", "header", "handle",
        "handle_path", "handle_errors", "route", "redir", "rewrite", "uri", "respond", "try_files",
        "tls", "log", "basic_auth", "basicauth", "forward_auth", "templates", "request_body",
    }
)  # fmt: skip


def _into_site(lines: Sequence[str], number: int, match: re.Match[str]) -> Changes:
    """Directives that stand behind the `}` of a site: it is moved behind them."""
    depths = _depths(lines)
    outer = [0, *depths[:-1]]
    words = [_code(text).split() for text in lines]
    bare = [place for place, each in enumerate(words, 1) if each and outer[place - 1] == 0]
    stray = [place for place in bare if words[place - 1][0] in _DIRECTIVES]
    if not stray or min(depths) < 0 or depths[-1]:
        return {}
    end = next((place for place in range(stray[0] - 1, 0, -1) if words[place - 1]), 0)
    opened = [place for place in bare if place < end and words[place - 1][-1] == "{"]
    is_site = bool(opened) and len(words[opened[-1] - 1]) > 1 and words[end - 1] == ["}"]
    # What follows is another site, or the end of the file.
    following = next((place for place in bare if place > stray[0] and place not in stray), 0)
    last = max(
        place
        for place in range(stray[0], (following or len(lines) + 1))
        if words[place - 1] and depths[place - 1] == 0
    )
    if not is_site or any(place > last for place in stray) or last == following:
        return {}
    step = "\t" if "\t" in "".join(lines) else "    "
    moved = {
        place: (f"{step}{lines[place - 1]}" if words[place - 1] else lines[place - 1],)
        for place in range(stray[0], last + 1)
    }
    return {end: (), **moved, last: (*moved[last], "}")}


Mend = Callable[[Sequence[str], int, re.Match[str]], Changes]
_UNKNOWN = r"\bunrecognized (?:sub)?directive:? "
#: What was wrong, Caddy's words, and what mends it; the first that mends something counts.
_SLIPS: tuple[tuple[Kind, str, Mend], ...] = (
    (
        "brace",
        r"end with a curly brace|next token after '\{' on same line|no matching opening brace"
        r"|does not qualify for certificate: '\}'|\bunrecognized (?:sub)?directive|expecting '\}'",
        _braces,
    ),
    ("unclosed", r"expecting '\}'|unexpected EOF|Unexpected EOF", _missing_end),
    ("closed_twice", r"does not qualify for certificate: '\}'|Unexpected '\}'", _needless_end),
    ("comma", r"cannot contain a comma", _comma),
    ("matcher", r"unexpected line ending after '(root|rewrite)'", _matcher),
    ("unit", r"missing unit in duration \\?\"(\d{1,6})\\?\"", _unit),
    ("newer", rf"{_UNKNOWN}basic_auth\b", _newer),
    ("encoder", r"module not registered: http\.encoders\.(\w{1,20})", _encoder),
    (
        "policy",
        r"module not registered: http\.reverse_proxy\.selection_policies\.([\w-]{1,40})",
        _policy,
    ),
    (
        "log_file",
        r"unexpected line ending after '/|module not registered: caddy\.logging\.writers\./",
        _log_file,
    ),
    (
        "top_level",
        rf"parsed '\w{{1,40}}' as a site address|more than one automation policy|{_UNKNOWN}",
        _into_site,
    ),
    ("outside", rf"{_UNKNOWN}\w{{1,40}}", _into_transport),
    ("outside", rf"{_UNKNOWN}\w{{1,40}}", _into_proxy),
)
