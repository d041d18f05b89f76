"""Reads what a browser's message about a Content Security Policy says was refused. No I/O.

Chromium: "Refused to load the image 'URL' because it violates the following Content Security Policy
directive: …", later "Loading the image 'URL' violates …". Firefox: "blocked the loading of a
resource (img-src) at URL …". Safari: "Refused to load URL because it does not appear in the
script-src directive of the Content Security Policy."
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
#: Firefox in other languages: "… einer Ressource (connect-src) auf wss://… blockiert".
_FIREFOX_ELSEWHERE = lazy_pattern(
    r"[(（][a-z]{3,10}-(?:src|action|uri)(?:-elem|-attr)?[)）][^\s\w]{0,3}\s?(?:\w{1,12}\s?[:：]?\s?){0,3}"
    r"(?P<url>(?:https?|wss?)://[^\s,，、]{1,1000})"
)
_SAFARI = lazy_pattern(
    r"Refused to \w{1,9}(?: to)? (?P<url>[^\s'\"]{1,1000}) because it (?:does not appear|appears)"
    r" in (?:neither )?the (?P<name>[a-z-]{3,20}) directive",
    re.IGNORECASE,
)
#: A script, and the line and column in it.
_SCRIPT = lazy_pattern(r"\.[cm]?js(?:\?[^:]{0,200})?(?::\d{1,9}){0,2}$")
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
    if match := _SAFARI.search(message):
        return _refused(_DIRECTIVES.get(match["name"].lower()), match["url"])
    match = _FIREFOX.search(message) or _FIREFOX_ELSEWHERE.search(message)
    name = _FIREFOX_KIND.search(message) if match else None
    return _refused(_DIRECTIVES.get(name["name"]), match["url"]) if match and name else None


def refused_host(message: str) -> str:
    """Return the host of what a message says was refused over HTTP; "" if it names none."""
    use = refused_use(message)
    url = parse_url(use.url) if use else None
    return url.host if url else ""


def page_of_refusal(text: str, address: str) -> str:
    """Return the page whose policy a message tells of, for the address of what that page was not to
    use. The page of a WebSocket, of a script that asks and of a blob: address is taken to be the
    site's front page: a blob: address names the page's origin (W3C File API, section 8.3.1). Any
    other address is returned as it is."""
    url = parse_url(address)
    if url is None:
        return address
    # Chromium puts the script and its line before the message.
    is_script = _SCRIPT.search(url.path) is not None
    if is_script or f"blob:{address}" in text or _is_socket(url, refused_socket(text)):
        scheme = "https" if url.scheme in {"wss", "https"} else "http"
        return f"{scheme}://{url.authority}/"
    return address


def _is_socket(url: Url, socket: Url | None) -> bool:
    return socket is not None and (url.scheme, url.authority) == (socket.scheme, socket.authority)


def refused_socket(message: str) -> Url | None:
    """Return the address of the WebSocket that a message says was refused; None if it says none."""
    patterns = (_CHROMIUM, _SAFARI, _FIREFOX, _FIREFOX_ELSEWHERE)
    match = next((match for pattern in patterns if (match := pattern.search(message))), None)
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
