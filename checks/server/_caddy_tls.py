"""The lines of Caddy's directive `tls`. Caddy speaks no version before TLS 1.2."""

import re

from checks.server import ServerView, indentation
from checks.server._caddy_lines import own_lines

_PROTOCOLS = re.compile(r"(\s*protocols\s+)tls1\.3(?:\s+tls1\.3)?\s*")
_UP_TO_1_2 = re.compile(r"(\s*protocols\s+)tls1\.2\s+tls1\.2\s*")
_LINES = {
    "usual-groups": re.compile(r"\s*curves\s+\S.*"),
    "more-suites": re.compile(r"\s*ciphers\s+\S.*"),
}


def changes(view: ServerView, purpose: str) -> dict[str, dict[int, tuple[str, ...]]]:
    """Return the lines to write in the `tls` blocks of the target's sites, and in snippets. What
    Caddy has by default is right: a line that differs from it becomes a comment."""
    written: dict[str, dict[int, tuple[str, ...]]] = {}
    for line in own_lines(view):
        changed = _changed(line.heads, line.text, purpose) if "tls" in line.heads else ""
        is_end = line.text.split() == ["}"] and line.heads[-1:] == ("client_auth",)
        if is_end and purpose == "no-client-certificate":
            changed = _comment(line.text)
        if changed:
            written.setdefault(line.file, {})[line.number] = (changed,)
    return written


def _changed(heads: tuple[str, ...], text: str, purpose: str) -> str:
    if purpose == "older-clients":
        match = _PROTOCOLS.fullmatch(text)
        return f"{match[1]}tls1.2 tls1.3" if match else ""
    if purpose == "newest-version":
        match = _UP_TO_1_2.fullmatch(text)
        return f"{match[1]}tls1.2 tls1.3" if match else ""
    if purpose == "no-client-certificate":
        is_auth = text.split()[:1] == ["client_auth"] or "client_auth" in heads
        return _comment(text) if is_auth and text.strip() not in {"", "}"} else ""
    pattern = _LINES.get(purpose)
    return _comment(text) if pattern and pattern.fullmatch(text) else ""


def _comment(text: str) -> str:
    return f"{indentation(text)}# {text.lstrip()}"
