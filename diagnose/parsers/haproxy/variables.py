"""Reads what a frontend of HAProxy keeps in variables ("http-request set-var(txn.host) hdr(host)",
Configuration Manual, section 2.8), as pfSense's package writes it. No I/O."""

import re
from collections.abc import Iterator, Mapping, Sequence

from diagnose.parsers.haproxy.config import Proxy

_SET = re.compile(r"set-var\(([\w.-]+)\)")
_GET = re.compile(r"var\(([\w.-]+)\)(?P<converters>(?:,.*)?)")


def variables_of(proxy: Proxy) -> dict[str, str]:
    """Return the fetch of each variable that every request gets, and that is set once."""
    found: dict[str, list[str]] = {}
    for name, words in _set(proxy):
        found.setdefault(name, []).append(words[0] if len(words) == 1 else "")
    return {name: fetches[0] for name, fetches in found.items() if len(fetches) == 1 and fetches[0]}


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
