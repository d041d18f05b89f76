"""Reads what an ACL of HAProxy compares (Configuration Manual, chapter 7): a fetch, its converters,
flags and values. A fetch may be kept in a variable ("http-request set-var(txn.host) hdr(host)",
section 2.8), as pfSense's package writes it. No I/O."""

import re
from collections.abc import Iterator, Mapping, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.config import Proxy

#: Maximum number of values of all ACLs of one name.
MAX_VALUES = 300

_FETCH = re.compile(r"(?P<name>[\w.]+)(?:\((?P<argument>[^)]*)\))?(?P<converters>(?:,.*)?)")
_SET = re.compile(r"set-var\(([\w.-]+)\)")
_GET = re.compile(r"var\(([\w.-]+)\)(?P<converters>(?:,.*)?)")
_HOST_FETCHES = {"hdr", "req.hdr", "req.fhdr", "req.hdrs", "hdrs"}
#: Samples of the name in TLS: of a handshake that the frontend itself completes, or of a
#: ClientHello that it passes on (Configuration Manual, sections 7.3.4 and 7.3.5).
OWN_SNI, PASSED_SNI = "ssl_fc_sni", frozenset({"req.ssl_sni", "req_ssl_sni"})
_SNI_FETCHES = {OWN_SNI, *PASSED_SNI}
_METHODS = ("beg", "end", "dom", "sub", "dir", "reg", "len")
_EVALUATED = {"str", "beg", "end", "dom", "sub", "found", "dir", "reg"}
_SAME_HOST = re.compile(r"(?:,(?:lower|host_only|field\(1,:\)|word\(1,:\)))*")
_LOWER = ",lower"
#: What may be compared with a regular expression here, and without regard to case.
_BY_PATTERN = frozenset({"path", "agent"})
#: Flags of an ACL that take a value.
_WITH_VALUE = {"-m", "-f", "-M", "-u"}


@frozen
class Criterion:
    """What an ACL compares. `subject` is "host", "sni", "path", "tls", "port", "websocket", "true",
    "false", "login" (a password of a userlist), "agent" (the User-Agent), "src" (the address of the
    connection), "method" (of HTTP), or "" for anything else; `method` is how ("str", "beg", "end",
    "dom", "sub"; of a path also "dir" and "reg", of the User-Agent "reg"). `strips_port` is True if
    the port of the Host field is taken off before. `replaced` is the method in the name of the
    fetch ("end" of "path_end") if a flag ("-m str") takes its place. `ignore_case` is True if the
    case of a path's or a User-Agent's letters is not compared ("-i"). `is_own` is True for a name
    in TLS that is read only where the frontend ends TLS itself, False for one that is read only
    where it passes TLS on. `file` is the file with the values of "src" ("-f"), "" if there is none:
    then `values` has only those beside it."""

    subject: str
    method: str = "str"
    values: tuple[str, ...] = ()
    strips_port: bool = False
    replaced: str = ""
    ignore_case: bool = False
    is_own: bool | None = None
    file: str = ""


def _verbs(*names: str) -> Criterion:
    return Criterion("method", values=names)


#: The ACLs that every configuration has (section 7.4).
PREDEFINED = {
    "TRUE": Criterion("true"),
    "FALSE": Criterion("false"),
    "HTTP": Criterion("true"),
    "METH_GET": _verbs("GET", "HEAD"),
    **{
        f"METH_{name}": _verbs(name)
        for name in ("CONNECT", "DELETE", "HEAD", "OPTIONS", "POST", "PUT", "TRACE")
    },
}


def criterion_of(words: Sequence[str]) -> Criterion:
    """Return what an ACL compares; `words` are its words without its name."""
    match = _FETCH.fullmatch(words[0]) if words else None
    if match is None:
        return Criterion("")
    name, own_method = _method(match["name"])
    flags, values = _flags(words[1:])
    method = flags.get("-m", own_method)
    if name == "src" and set(flags) <= {"-f", "-n"} and not match["converters"]:
        return Criterion("src", values=values[:MAX_VALUES], file=flags.get("-f", ""))
    if "-f" in flags or "-M" in flags or method not in _EVALUATED:
        return Criterion("")
    strips_port = bool(re.search(r"host_only|field|word", match["converters"]))
    replaced = own_method if own_method not in {"str", method} else ""
    subject = _subject(name, match, values)
    if (method == "dir" and subject != "path") or (method == "reg" and subject not in _BY_PATTERN):
        return Criterion("")
    ignore_case = ("-i" in flags or _LOWER in match["converters"]) and subject in _BY_PATTERN
    is_own = name == OWN_SNI if subject == "sni" else None
    return Criterion(
        subject, method, values[:MAX_VALUES], strips_port, replaced, ignore_case, is_own
    )


def _subject(name: str, match: re.Match[str], values: tuple[str, ...]) -> str:
    argument, converters = (match["argument"] or "").lower(), match["converters"]
    if name in _HOST_FETCHES and argument.partition(",")[0] == "host":
        return "host" if _SAME_HOST.fullmatch(converters) else ""
    if name in _HOST_FETCHES and argument in {"upgrade", "connection", "sec-websocket-key"}:
        return "websocket"
    if name in _HOST_FETCHES and argument.partition(",")[0] == "user-agent":
        return "agent" if converters in {"", _LOWER} else ""
    if name in _SNI_FETCHES and _SAME_HOST.fullmatch(converters):
        return "sni"
    if name == "path" and not converters:
        return "path"
    if name in {"src", "method"} and not converters:
        return name
    if name == "ssl_fc" and not converters:
        is_false = values[:1] in {("0",), ("false",)}
        return "plain" if is_false else "tls"
    if name == "dst_port" and all(value.isascii() and value.isdigit() for value in values):
        return "port"
    fetches = {
        "always_true": "true", "always_false": "false",
        "http_auth": "login", "http_auth_group": "login",
    }  # fmt: skip
    return fetches.get(name, "")


def _method(name: str) -> tuple[str, str]:
    """Split "path_beg" into the fetch and the method (section 7.1.1)."""
    stem, _, suffix = name.rpartition("_")
    return (stem, suffix) if stem and suffix in _METHODS else (name, "str")


def _flags(words: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    flags: dict[str, str] = {}
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] != "--":
        flag = words[index]
        takes_value = flag in _WITH_VALUE and index + 1 < len(words)
        flags[flag] = words[index + 1] if takes_value else ""
        index += 2 if takes_value else 1
    return flags, tuple(word for word in words[index:] if word != "--")


def variables_of(proxy: Proxy) -> dict[str, str]:
    """Return the fetch of each variable that every request gets, and that is set once."""
    fetches_of: dict[str, list[str]] = {}
    for name, words in _set(proxy):
        fetches_of.setdefault(name, []).append(words[0] if len(words) == 1 else "")
    return {
        name: fetches[0] for name, fetches in fetches_of.items() if len(fetches) == 1 and fetches[0]
    }


def _set(proxy: Proxy) -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in proxy.lines:
        words = line.words[2:] if line.starts_with("tcp-request") else line.words[1:]
        is_request = line.keyword in {"http-request", "tcp-request"}
        match = _SET.fullmatch(words[0]) if is_request and words else None
        if match:
            yield match[1], words[1:]


def with_fetch(words: Sequence[str], variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of an ACL with the fetch in the place of a variable."""
    match = _GET.fullmatch(words[0]) if words else None
    fetch = variables.get(match[1]) if match else None
    return (f"{fetch}{match['converters']}", *words[1:]) if match and fetch else tuple(words)
