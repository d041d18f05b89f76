"""Reads what a browser's message about a Content Security Policy says was refused. No I/O.

Chromium: "Refused to load the image 'URL' because it violates the following Content Security Policy
directive: …", later "Loading the image 'URL' violates …". Firefox: "blocked the loading of a
resource (img-src) at URL …".
"""

import re

from diagnose.model.frozen import frozen
from diagnose.model.pages import FileKind, UseKind
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import Url, parse_url

_MAX_URL = 1024
_CHROMIUM = lazy_pattern(
    r"(?P<verb>load|connect|fram|creat|send\w{0,3} form data|apply|execut)\w{0,3}"
    r"(?: (?:the|a|an))?"
    r"(?: (?P<what>image|font|stylesheet|script|media|object|plugin|manifest|worker)\w{0,3}"
    r"(?: data)?)?(?: (?:to|from))? [‘'\"](?P<url>[^'’\"\s]{1,1000})[’'\"].{0,80}violates",
    re.IGNORECASE,
)
_FIREFOX = lazy_pattern(
    r"blocked (?:the loading of a resource|an? [\w ]{1,30} \([a-z-]{1,20}\))"
    r".{0,40}? at (?P<url>[^\s,]{1,1000})",
    re.IGNORECASE,
)
_FIREFOX_KIND = lazy_pattern(r"\((?P<name>[a-z]{3,10}-(?:src|action|uri)(?:-elem|-attr)?)\)")

_KINDS: dict[str, FileKind | UseKind] = {
    "image": "image", "font": "font", "stylesheet": "stylesheet", "script": "script",
    "media": "media", "object": "object", "plugin": "object", "manifest": "manifest",
    "worker": "worker", "connect": "request", "fram": "frame", "send": "form",
}  # fmt: skip
_DIRECTIVES: dict[str, FileKind | UseKind] = {
    "img-src": "image", "font-src": "font",
    "style-src": "stylesheet", "style-src-elem": "stylesheet",
    "script-src": "script", "script-src-elem": "script", "media-src": "media",
    "object-src": "object", "connect-src": "request", "frame-src": "frame", "child-src": "frame",
    "form-action": "form", "base-uri": "base", "manifest-src": "manifest", "worker-src": "worker",
}  # fmt: skip


@frozen
class RefusedUse:
    """What a browser refused: its kind, and its address ("data:" or "blob:" for content that is
    written in the page)."""

    kind: FileKind | UseKind
    url: str


def refused_use(message: str) -> RefusedUse | None:
    """Return what a message says was refused; None if it does not say so, or if it is about a
    WebSocket."""
    if match := _CHROMIUM.search(message):
        word = (match["what"] or match["verb"]).lower().partition(" ")[0].removesuffix("ing")
        kind = next((kind for name, kind in _KINDS.items() if word.startswith(name)), None)
        return _refused(kind, match["url"])
    match = _FIREFOX.search(message)
    name = _FIREFOX_KIND.search(message) if match else None
    return _refused(_DIRECTIVES.get(name["name"]), match["url"]) if match and name else None


def refused_host(message: str) -> str:
    """Return the host of what a message says was refused over HTTP; "" if it names none."""
    use = refused_use(message)
    url = parse_url(use.url) if use else None
    return url.host if url else ""


def page_of_blob(text: str, target: str) -> str:
    """Return the page of a blob: address, which a script of that page made: its address names the
    page's origin (W3C File API, section 8.3.1). Any other target is returned as it is."""
    url = parse_url(target) if f"blob:{target}" in text else None
    return f"{url.scheme}://{url.authority}/" if url else target


def refused_socket(message: str) -> Url | None:
    """Return the address of the WebSocket that a message says was refused; None if it says none."""
    match = _CHROMIUM.search(message) or _FIREFOX.search(message)
    url = parse_url(match["url"].partition("?")[0]) if match else None
    return url if url and url.scheme in {"ws", "wss"} else None


def _refused(kind: FileKind | UseKind | None, text: str) -> RefusedUse | None:
    scheme = text[:5].lower()
    if kind is None:
        return None
    if scheme in {"data:", "blob:"}:
        return RefusedUse(kind, scheme)
    url = parse_url(text)
    if url is None or url.scheme not in {"http", "https"}:
        return None
    return RefusedUse(kind, clean(str(url), _MAX_URL))
