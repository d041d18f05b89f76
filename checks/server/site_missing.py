"""Caddy has no site with the name on the port. It has no default site: without a certificate for
the name it ends the handshake with the alert internal_error (80); with one, as of a wildcard, it
answers 200 and nothing. Visitors who open the server's address send no name at all."""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._certificate_files import certificate_file
from checks.server._site_names import address_edit, name_edit
from checks.server._unread_sites import reading_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import page_exchanges
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.misspellings import closest_misspelling
from diagnose.parsers.web_sites import has_name

#: The alert internal_error (RFC 8446 section 6.2).
INTERNAL_ERROR = 80


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.application-answers",
        "tls.handshake-failed",
        "tls.name-rejected",
        "http.*",
        "websocket.*",
    ],
)
def site_missing(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "caddy":
        return
    if view.answering_sites:
        return
    symptoms = tuple(_symptoms(evidence))
    if not symptoms:
        return
    unread = _unread(view)
    added = _added(view) if unread is None else None
    yield Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(view.server, view.config, *symptoms),
        facts={
            **view.facts,
            "config": view.config.path,
            "names": _names(view),
            "elsewhere": _other_port(view),
            "added": added[0] if added else "",
            "unread": place_text(unread.file, unread.line) if unread else "",
            "unread_file": unread.file if unread else "",
            "address": is_address(target.host),
            "handshake": any(isinstance(observation, Handshake) for observation in symptoms),
        },
        confidence=Confidence.CERTAIN if view.config.complete else Confidence.LIKELY,
        fix=reading_fix(view, unread) if unread else _fix(view, added[1] if added else None),
    )


def _fix(view: ServerView, added: Edit | None) -> Fix:
    """Return the remedy: the name, in the place of one that is almost the same, or beside that of
    the only site."""
    host, sites = view.evidence.target.host, view.config.sites if view.config else ()
    if is_address(host):
        return manual_fix(view, "use-the-name")
    written = closest_misspelling(_names(view), host)
    mistyped = next((site for site in sites if written and written in site.names), None)
    edit = (name_edit(view, mistyped, written) if mistyped else None) or added
    if edit is None:
        return manual_fix(view, "add-the-name")
    # There may be a site of that name.
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _unread(view: ServerView) -> WebSite | None:
    """Return the site with the name in a file that Caddy does not read; None without one."""
    target, sites = view.evidence.target, view.config.unread if view.config else ()
    own = (site for site in sites if has_name(site, target.host) and site.listens_on(target.port))
    return next(own, None)


def _added(view: ServerView) -> tuple[str, Edit] | None:
    """Return the name of the only site of the port, and the edit that gives it the target's name as
    well; None if there are more, or if its certificate is not known to cover the name. Without a
    certificate of its own it is the name with or without www."""
    target, sites = view.evidence.target, view.config.sites if view.config else ()
    own = [site for site in sites if site.listens_on(target.port)]
    names = _names(view)
    if len(own) != 1 or len(names) != 1 or is_address(target.host) or _other_port(view):
        return None
    if closest_misspelling(names, target.host) or not _fits(view, own[0], names[0]):
        return None
    edit = address_edit(view, own[0], names[0])
    return (names[0], edit) if edit else None


def _fits(view: ServerView, site: WebSite, name: str) -> bool:
    host, paths = view.evidence.target.host, site.paths("certificate")
    if not paths:
        return host.removeprefix("www.") == name.removeprefix("www.")
    files = [certificate_file(view.evidence, path) for path in paths]
    leaves = [file.chain[0] for file in files if file is not None and file.chain]
    return any(covers(host, leaf.dns_names, leaf.addresses) for leaf in leaves)


def _symptoms(evidence: Evidence) -> Iterator[Observation]:
    """Return the handshakes that ended with Caddy's alert, and its empty pages."""
    port = evidence.target.port
    for handshake in evidence.of(Handshake):
        alert = handshake.alert.code if handshake.alert else 0
        if handshake.port == port and handshake.is_browser_like and alert == INTERNAL_ERROR:
            yield handshake
    for exchange in page_exchanges(evidence):
        # The response to HEAD has no body.
        if exchange.method == "GET" and exchange.status == 200 and not exchange.body:
            yield exchange


def _names(view: ServerView) -> tuple[str, ...]:
    """Return the names of the other sites on the port."""
    port = view.evidence.target.port
    sites = view.config.sites if view.config else ()
    return tuple(
        dict.fromkeys(name for site in sites if site.listens_on(port) for name in site.names)
    )[:6]


def _other_port(view: ServerView) -> str:
    """Return the place of the site with the name that is on another port only."""
    host = view.evidence.target.host
    sites = view.config.sites if view.config else ()
    site = next((site for site in sites if has_name(site, host) and site.file), None)
    return place_text(site.file, site.line) if site else ""
