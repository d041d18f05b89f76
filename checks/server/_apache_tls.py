"""Apache's lines about TLS (mod_ssl), and the lines to write in their place."""

import re
from collections.abc import Iterator

from checks.server import ServerView, file_rows, indentation
from checks.tls._cipher_lists import extended_list
from diagnose.model.web_servers import WebSite

_LINE = re.compile(r"(?i)(\s*)(SSL\w{1,60})\s+(\S.*?)\s*")
_SITE = re.compile(r"(?i)\s*<(/?)VirtualHost\b")
_GROUPS = re.compile(r"(?i)(?:Curves|Groups|ECDHParameters)\s")

_CURRENT = ("TLSv1.2", "TLSv1.3")
_OLD = {"sslv2", "sslv3", "tlsv1", "tlsv1.1"}
_NEW_VERSIONS = "-all +TLSv1.2 +TLSv1.3"

#: The versions that have to be allowed.
_WANTED = {
    "current-versions": _CURRENT,
    "older-clients": _CURRENT[:1],
    "newest-version": _CURRENT[1:],
}
_DIRECTIVES = {
    "current-versions": "sslprotocol",
    "no-old-versions": "sslprotocol",
    "older-clients": "sslprotocol",
    "newest-version": "sslprotocol",
    "usual-groups": "sslopensslconfcmd",
    "more-suites": "sslciphersuite",
    "no-client-certificate": "sslverifyclient",
}


def changes(view: ServerView, purpose: str) -> dict[str, dict[int, tuple[str, ...]]]:
    """Return the lines to write: in the virtual hosts that answer the target, and in the first of
    their sockets, whose versions and groups count before the name is known; else in what all
    inherit. Without a line for the versions, one is added."""
    name = _DIRECTIVES[purpose]
    written: dict[str, dict[int, tuple[str, ...]]] = {}
    lines = list(_lines(view, name))
    for site in _sites(view):
        own = [line for line in lines if line[0] is site]
        inherited = [line for line in lines if line[0] is None]
        for _, file, number, match in (own or inherited)[-1:]:
            if (text := _changed(purpose, match[3])) is not None:
                line = f"{match[1]}{match[2]} {text}" if text else f"{match[1]}# {match[0].strip()}"
                written.setdefault(file, {})[number] = (line,)
        if not own and not inherited and purpose == "no-old-versions":
            _add_versions(view, site, written)
    return written


def _sites(view: ServerView) -> list[WebSite]:
    """Return the virtual hosts that answer, and the first on the port."""
    port = view.evidence.target.port
    sites = view.config.sites if view.config else ()
    first = next((site for site in sites if site.listens_on(port)), None)
    own = list(view.answering_sites)
    return own if first is None or first in own else [*own, first]


def _lines(view: ServerView, name: str) -> Iterator[tuple[WebSite | None, str, int, re.Match[str]]]:
    """Yield each line with a directive, with the virtual host around it that answers; those of
    other virtual hosts are left out."""
    sites = {(site.file, site.line): site for site in _sites(view)}
    for file in view.config.files if view.config else ():
        around: WebSite | None = None
        is_other = False
        for number, text in enumerate(file_rows(view, file), 1):
            if opened := _SITE.match(text):
                around = None if opened[1] else sites.get((file.path, number))
                is_other = not opened[1] and around is None
            elif not is_other and (match := _LINE.fullmatch(text)) and match[2].lower() == name:
                is_meant = name != "sslopensslconfcmd" or _GROUPS.match(match[3])
                yield from [(around, file.path, number, match)] if is_meant else []


def _changed(purpose: str, value: str) -> str | None:
    """Return the words in the place of these, "" for none; None if they are not against the
    purpose."""
    words = value.split()
    plain = [word.lstrip("+").lower() for word in words if not word.startswith("-")]
    if wanted := _WANTED.get(purpose):
        if "all" in plain and not any(f"-{each}" in words for each in wanted):
            return None
        kept = [word for word in words if word not in {f"-{each}" for each in wanted}]
        added = [f"+{each}" for each in wanted if each.lower() not in {*plain, "all"}]
        added = [word for word in added if "all" not in plain]
        changed = " ".join((*kept, *added))
        return changed if changed != value else None
    if purpose == "no-old-versions":
        return _NEW_VERSIONS if value.lower() != _NEW_VERSIONS.lower() else None
    if purpose == "more-suites":
        # The first word may name the protocol ("SSLCipherSuite TLSv1.3 …").
        return extended_list(words[-1].strip("\"'")) if words[0].lower() != "tlsv1.3" else None
    if purpose == "no-client-certificate":
        return "none" if words[0].lower() in {"require", "optional_no_ca"} else None
    return ""


def _add_versions(
    view: ServerView, site: WebSite, written: dict[str, dict[int, tuple[str, ...]]]
) -> None:
    file = view.config.file(site.file) if view.config else None
    for number, text in enumerate(file_rows(view, file) if file else (), 1):
        is_own = site.line < number < site.end
        if is_own and re.fullmatch(r"(?i)\s*SSLEngine\s+on\s*", text):
            indent = indentation(text)
            line = f"{indent}SSLProtocol {_NEW_VERSIONS}"
            written.setdefault(site.file, {})[number] = (text, line)
            return
