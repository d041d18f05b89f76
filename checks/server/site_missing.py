"""Caddy has no site with the name on the port. It has no default site: without a certificate for
the name it ends the handshake with the alert internal_error (80); with one, as of a wildcard, it
answers 200 and nothing. Visitors who open the server's address send no name at all."""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._site_names import name_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import page_exchanges
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.hostnames import is_address
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
    yield Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(view.server, view.config, *symptoms),
        facts={
            **view.facts,
            "config": view.config.path,
            "names": _names(view),
            "elsewhere": _other_port(view),
            "address": is_address(target.host),
            "handshake": any(isinstance(observation, Handshake) for observation in symptoms),
        },
        confidence=Confidence.CERTAIN if view.config.complete else Confidence.LIKELY,
        fix=_fix(view),
    )


def _fix(view: ServerView) -> Fix:
    """Return the remedy: the name, in the place of one that is almost the same."""
    host, sites = view.evidence.target.host, view.config.sites if view.config else ()
    if is_address(host):
        return manual_fix(view, "use-the-name")
    written = closest_misspelling(_names(view), host)
    mistyped = next((site for site in sites if written and written in site.names), None)
    edit = name_edit(view, mistyped, written) if mistyped else None
    if edit is None:
        return manual_fix(view, "add-the-name")
    # There may be a site of that name.
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


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
