"""The lines of Caddy's directive `tls`. Caddy speaks no version before TLS 1.2."""

import re

from checks.server import ServerView, file_rows, indentation

_PROTOCOLS = re.compile(r"(\s*protocols\s+)tls1\.3(?:\s+tls1\.3)?\s*")
_LINES = {
    "usual-groups": re.compile(r"\s*curves\s+\S.*"),
    "more-suites": re.compile(r"\s*ciphers\s+\S.*"),
}


def changes(view: ServerView, purpose: str) -> dict[str, dict[int, tuple[str, ...]]]:
    """Return the lines to write in the `tls` blocks of the target's sites, and in snippets. What
    Caddy has by default is right: a line that differs from it becomes a comment."""
    written: dict[str, dict[int, tuple[str, ...]]] = {}
    config = view.config
    for file in config.files if config else ():
        sites = [site for site in (config.sites if config else ()) if site.file == file.path]
        own = {(site.file, site.line) for site in view.answering_sites}
        heads: list[str] = []
        for number, text in enumerate(file_rows(view, file), 1):
            inside = [site for site in sites if site.line <= number <= site.end]
            is_own = not inside or any((site.file, site.line) in own for site in inside)
            words = text.split()
            if is_own and "tls" in heads and (line := _changed(heads, text, purpose)):
                written.setdefault(file.path, {})[number] = (line,)
            if words[-1:] == ["{"]:
                heads.append(words[0])
            elif words == ["}"]:
                if is_own and purpose == "no-client-certificate" and heads[-1:] == ["client_auth"]:
                    written.setdefault(file.path, {})[number] = (_comment(text),)
                heads = heads[:-1]
    return written


def _changed(heads: list[str], text: str, purpose: str) -> str:
    if purpose == "older-clients":
        match = _PROTOCOLS.fullmatch(text)
        return f"{match[1]}tls1.2 tls1.3" if match else ""
    if purpose == "no-client-certificate":
        is_auth = text.split()[:1] == ["client_auth"] or "client_auth" in heads
        return _comment(text) if is_auth and text.strip() not in {"", "}"} else ""
    pattern = _LINES.get(purpose)
    return _comment(text) if pattern and pattern.fullmatch(text) else ""


def _comment(text: str) -> str:
    return f"{indentation(text)}# {text.lstrip()}"
