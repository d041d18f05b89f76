"""What the checks of HAProxy share: the proxies that take the target's requests, and edits of their
lines."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace as replace_in

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    pages_with_status,
    place_text,
    server_on_port,
)
from diagnose.model import Edit, Evidence, Target
from diagnose.model.frozen import frozen
from diagnose.model.haproxy import HaproxyStatus, HaproxyTry
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import SiteRedirect, SiteRoute, WebSite
from diagnose.parsers.haproxy.addresses import BackendServer
from diagnose.parsers.haproxy.config import Line, Proxy, split_words, word_spans
from diagnose.parsers.haproxy.sites import drops_upgrade
from diagnose.parsers.haproxy.view import TargetProxies, parsed, target_proxies
from diagnose.parsers.http import MISSING_PAGE
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import changed_path

#: A path that is the same text in a regular expression and in a configuration.
_PLAIN_PATH = re.compile(r"(?:/[\w-]{1,100}){1,10}", re.ASCII)


@frozen
class HaproxyView:
    """HAProxy that has the target's port, and its proxies for the target."""

    view: ServerView
    proxies: TargetProxies

    @property
    def status(self) -> HaproxyStatus | None:
        return next(iter(self.view.evidence.good(HaproxyStatus)), None)

    def has_default(self, backend: str) -> bool:
        """Return whether a backend gets what no rule of the frontend takes."""
        default = self.proxies.frontend.setting("default_backend")
        return default is not None and default.words[1:2] == (backend,)

    def tries_for(self, purpose: str) -> tuple[HaproxyTry, ...]:
        """Return the requests that were sent from the server for a purpose, failures too."""
        all_tries = self.view.evidence.of(HaproxyTry)
        return tuple(attempt for attempt in all_tries if attempt.purpose == purpose)


def haproxy_view(
    evidence: Evidence, path: str = "", websocket: bool = False, target: Target | None = None
) -> HaproxyView | None:
    """Return the view of HAProxy for a path of the target (its own by default), or for a WebSocket
    there; None if another server or nobody has the target's port. `target` is one that the same
    HAProxy takes as well, such as the page to which the target's redirects."""
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "haproxy":
        return None
    config = parsed(view.config)
    proxies = target_proxies(config, target or evidence.target, path, websocket)
    return HaproxyView(view, proxies) if proxies else None


def redirected_targets(evidence: Evidence) -> Iterator[tuple[Target, list[Exchange]]]:
    """Yield the target behind a redirect to the same name and path, over https or on another port,
    with its answers 404 and 410."""
    target, pages = evidence.target, dict[Target, list[Exchange]]()
    for page in evidence.good(Exchange):
        url = parse_url(page.url) if page.purpose == "redirect" else None
        if url is None or page.status not in MISSING_PAGE:
            continue
        if (url.host, url.path) == (target.host, target.path) and url.port:
            pages.setdefault(replace_in(target, scheme=url.scheme, port=url.port), []).append(page)
    yield from pages.items()


def refused_visits(haproxy: HaproxyView) -> tuple[Exchange | Handshake, ...]:
    """Return what visitors get where HAProxy has no server for them: a page with 503, and in mode
    tcp a connection that it closes without a byte."""
    evidence = haproxy.view.evidence
    if haproxy.proxies.frontend.mode == "http":
        return tuple(pages_with_status(evidence, 503))
    handshakes = (
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == evidence.target.port and handshake.is_browser_like
    )
    visits: tuple[Exchange | Handshake, ...] = (*handshakes, *page_exchanges(evidence))
    return tuple(
        visit for visit in visits if visit.failure and visit.failure.kind in {"closed", "reset"}
    )


def lacks_check_ssl(proxies: TargetProxies, server: BackendServer) -> bool:
    """Return whether TLS of visitors is passed on to a server whose health check has none: it is a
    connection of its own, and needs "check-ssl" (Configuration Manual, section 5.2)."""
    return proxies.passes_tls_on and not server.tls and "check-ssl" not in server.options


def place(line: Line) -> str:
    """Return a line's place as "file:line"."""
    return place_text(line.file, line.number)


def insert_after(view: ServerView, line: Line, *texts: str) -> Edit | None:
    """Return an edit that adds lines below one, with its indentation."""
    own = line_text(view, line.file, line.number)
    indent = indentation(own) or _indent_below(view, line)
    added = tuple(f"{indent}{text}" for text in texts)
    return line_edit(view, line.file, {line.number: (own, *added)}) if own else None


def _indent_below(view: ServerView, line: Line) -> str:
    """Return the indentation of the line below the first line of a section."""
    below = line_text(view, line.file, line.number + 1)
    return indentation(below) or "    "


def replace(view: ServerView, line: Line, *texts: str) -> Edit | None:
    """Return an edit that writes other lines in place of one, with its indentation."""
    own = line_text(view, line.file, line.number)
    indent = indentation(own)
    new = tuple(f"{indent}{text}" for text in texts)
    return line_edit(view, line.file, {line.number: new}) if own else None


def rule_moved_before(haproxy: HaproxyView, first: Line, later: Line) -> Edit | None:
    """Return an edit that moves the later rule before the first, or the first behind it where an
    ACL of the later one is declared between them: a rule may name only what stands above it."""
    texts = [line_text(haproxy.view, line.file, line.number) for line in (first, later)]
    if first.file != later.file or not all(texts):
        return None
    is_declared_between = any(
        first.number < line.number < later.number and line.words[1:2] and line.words[1] in names
        for names in [{word.lstrip("!") for word in later.words[2:]}]
        for line in haproxy.proxies.frontend.own("acl")
    )
    changes: dict[int, tuple[str, ...]] = {first.number: (texts[1], texts[0]), later.number: ()}
    if is_declared_between:
        changes = {first.number: (), later.number: (texts[1], texts[0])}
    return line_edit(haproxy.view, first.file, changes)


def without_words(view: ServerView, line: Line, *words: str) -> Edit | None:
    """Return an edit that removes words from a line; None if they are not there."""
    own = line_text(view, line.file, line.number)
    pairs = tuple(zip(split_words(own), word_spans(own), strict=True))
    removed = [index for index, (word, _) in enumerate(pairs) if index and word in words]
    text = own
    for index in reversed(removed):
        text = text[: pairs[index - 1][1][1]] + text[pairs[index][1][1] :]
    return replace(view, line, text.strip()) if removed else None


def insert_word(view: ServerView, line: Line, word: str) -> Edit | None:
    """Return an edit that adds a word at the end of a line, before its comment."""
    own = line_text(view, line.file, line.number)
    spans = word_spans(own)
    if not spans:
        return None
    stop = spans[-1][1]
    return replace(view, line, f"{own[:stop]} {word}{own[stop:]}".strip())


def with_word(text: str, old: str, new: str) -> str:
    """Return a line with another word in the place of the one that is `old`, within its quotes; ""
    if it is not there once as it is."""
    spans = zip(split_words(text), word_spans(text), strict=True)
    places = [span for word, span in spans if word == old]
    if len(places) != 1:
        return ""
    start, stop = places[0]
    written = text[start:stop]
    is_two = written != old and " " in new
    if written.strip("\"'") != old or is_two:
        return ""
    return f"{text[:start]}{written.replace(old, new)}{text[stop:]}"


def longer_server_timeout(view: ServerView, backend: Proxy, needed: float) -> Edit | None:
    """Return an edit that lets a backend alone wait longer for its servers ("timeout server"):
    others may need their time. `needed` is what an answer takes, in seconds."""
    current = backend.timeout("server")
    longest = max(needed, current[0] if current else 0.0)
    text = f"timeout server {max(60, math.ceil(longest * 2))}s"
    if current and current[1] in backend.lines:
        return replace(view, current[1], text)
    section = backend.section
    return insert_after(view, Line((section.kind,), section.file, section.line), text)


def kept_upgrade(view: ServerView, path: str) -> Edit | None:
    """Return an edit of the rule that deletes or sets a field of WebSocket handshakes: it spares
    them, and still changes the field of other requests (as of an upgrade to h2c)."""
    haproxy = haproxy_view(view.evidence, path)
    backend = haproxy.proxies.backend if haproxy else None
    if haproxy is None or backend is None:
        return None
    lines = list(dict.fromkeys(drops_upgrade(haproxy.proxies.frontend, backend)))
    if len(lines) != 1:
        return None
    # As it is written: a value may be between quotes.
    rule = line_text(view, lines[0].file, lines[0].number).strip()
    is_whole = bool(rule) and "#" not in rule
    text = f"{rule} unless {{ hdr(Upgrade) -i websocket }}"
    return replace(view, lines[0], text) if is_whole else None


def replaced_path(view: ServerView, prefix: str, path: str, websocket: bool) -> Edit | None:
    """Return an edit of the backend that gets a path: it takes the prefix off before its servers
    get it. None if it is in another file than its frontend, or if the prefix is no plain path."""
    haproxy = haproxy_view(view.evidence, path, websocket)
    backend = haproxy.proxies.backend if haproxy else None
    if backend is None or backend.section.kind != "backend" or not _PLAIN_PATH.fullmatch(prefix):
        return None
    section = backend.section
    line = Line((section.kind,), section.file, section.line)
    return insert_after(view, line, rf"http-request replace-path ^{prefix}(/|$)(.*) /\2")


def changing_line(view: ServerView, route: SiteRoute, path: str) -> Line | None:
    """Return the one line of a backend that changes a path; None if there are more."""
    lines = {
        (change.file, change.line)
        for change in route.changes
        if changed_path((change,), path) != path
    }
    if view.server.product != "haproxy" or len(lines) != 1:
        return None
    file, number = lines.pop()
    words = split_words(line_text(view, file, number))
    return Line(words, file, number) if words else None


def unchanged_path(view: ServerView, route: SiteRoute, path: str) -> Edit | None:
    """Return an edit that takes the line away by which a backend changes a path."""
    line = changing_line(view, route, path)
    return line_edit(view, line.file, {line.number: ()}) if line else None


def redirect_without_tls(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return an edit that limits a redirect without a condition to connections without TLS. One
    from http to http leads to https instead."""
    text = line_text(view, redirect.file, redirect.line)
    words = split_words(text)
    if "redirect" not in words[:2] or {"if", "unless"} & set(words):
        return None
    line = Line(words, redirect.file, redirect.line)
    if line.after("scheme") == "http" and not view.evidence.target.uses_tls:
        https = re.sub(r"(\bscheme\s+)http(?=\s|$)", r"\1https", text, count=1)
        return line_edit(view, line.file, {line.number: (https,)})
    return insert_word(view, line, "unless { ssl_fc }")


def redirect_added(view: ServerView, site: WebSite) -> Edit | None:
    """Return an edit that redirects the plain sockets of a frontend, except the paths by which
    certificates are renewed (RFC 8555 section 8.3)."""
    sockets = {socket for socket in site.sockets if socket.port == 80}
    place = next(((socket.file, socket.line) for socket in sockets), None)
    config = parsed(view.config) if view.config else None
    frontends = config.frontends if config else ()
    own = [
        frontend
        for frontend in frontends
        if (frontend.section.file, frontend.section.line) == _start(site)
    ]
    if place is None or not own or own[0].mode != "http":
        return None
    line = Line(("bind",), *place)
    exception = "{ ssl_fc } || { path_beg /.well-known/acme-challenge/ }"
    return insert_after(
        view, line, f"http-request redirect scheme https code 301 unless {exception}"
    )


def _start(site: WebSite) -> tuple[str, int]:
    return site.file, site.line
