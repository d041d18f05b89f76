"""How the page of an application in a sub-folder names its files. No I/O."""

import re
from collections.abc import Iterable
from itertools import islice

from diagnose.parsers.urls import parse_url

#: Fields by which proxies tell an application the folder below which visitors reach it: Traefik and
#: Spring (ForwardedHeaderFilter), uWSGI and Flask behind guides of nginx, Home Assistant's ingress.
PREFIX_FIELDS = ("X-Forwarded-Prefix", "X-Script-Name", "X-Ingress-Path", "X-Forwarded-Path")
#: The same in lower case, and what gunicorn and others read, without "X-" and with an underscore.
FOLDER_FIELDS = frozenset(name.lower() for name in (*PREFIX_FIELDS, "Script-Name", "SCRIPT_NAME"))
_FOLDER = re.compile(r"(?:/[\w.~-]{1,60}){1,6}/?", re.ASCII)
#: Maximum number of references, and characters of a page that are looked at.
_MOST, _MAX_TEXT = 6, 262_144
#: Of "//host" the host is another one.
#: A path that needs no other quotes in nginx's configuration.
_OPENING = re.compile(r"""(?<=[\s"'])(?:src|href|action)=(["'])/(?!/)""")
_PLAIN = re.compile(r"(/[\w.~-]{1,60}/?)[\w.~/@-]{0,200}", re.ASCII)


def is_folder(value: str) -> bool:
    """Return whether a field's value is the path of a folder."""
    return _FOLDER.fullmatch(value) is not None


def paths_of(urls: Iterable[str]) -> list[str]:
    """Return the plain paths of URLs, without their queries, each once."""
    paths = ((parse_url(url), url) for url in urls)
    plain = (url.path.partition("?")[0] for url, _ in paths if url)
    return [path for path in dict.fromkeys(plain) if _PLAIN.fullmatch(path)]


def names_below(text: str, prefix: str, paths: Iterable[str]) -> bool:
    """Return whether a page names one of these paths below a prefix, or has it as its base."""
    page = text[:_MAX_TEXT]
    base = re.compile(
        rf"<base\s[^>]{{0,200}}?href=[\"']?[^\"'>\s]{{0,200}}{re.escape(prefix)}/", re.I
    )
    return base.search(page) is not None or any(f"{prefix}{path}" in page for path in paths)


def references_in(text: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Return how a page names files at the root, `src="/assets/`, each up to the first folder, or
    whole where there is none; at most six, each once."""
    return tuple(islice(dict.fromkeys(_references(text[:_MAX_TEXT], paths)), _MOST))


def openings_in(text: str) -> tuple[str, ...]:
    """Return how the pages of an application begin the addresses at the root of their own host:
    `href="/`, `src="/` and `action="/`, in the quotes in which this page has one of them."""
    quotes = dict.fromkeys(match[1] for match in _OPENING.finditer(text[:_MAX_TEXT]))
    return tuple(f"{name}={quote}/" for quote in quotes for name in ("href", "src", "action"))


def _references(text: str, paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        first = _PLAIN.fullmatch(path)
        pattern = rf"\b((?:src|href)=[\"']?){re.escape(path)}(?![\w.~/-])"
        match = re.search(pattern, text) if first else None
        if first and match:
            yield match[1] + first[1]
