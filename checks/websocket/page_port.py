"""The page opens its WebSocket on another port of the site, and nothing answers there, or no TLS. A
page that came over https needs wss:// (W3C Mixed Content), so TLS on that port; one that came over
http may use ws://.

Laravel Reverb, Soketi and other servers of the Pusher protocol listen on 8080 or 6001 without TLS.
Mostly nginx passes the path on, on port 443, and the page does not use that.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Upgrade
from diagnose.model.pages import PagePort
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.urls import parse_url


@check(severity=Severity.WARNING, needs=[PagePort])
def page_port(evidence: Evidence) -> Iterator[Claim]:
    failed = [
        port
        for port in evidence.of(PagePort)
        if port.failure
        and port.url.startswith(("wss:", "ws:"))
        and not _is_by_address(evidence, port)
        and not _has_other_way(evidence, port)
    ]
    for port in failed[:1]:
        # Imported late: few pages name a port where nothing answers.
        from checks.http._local_programs import application_on

        yield Claim(
            about=Subject(address=port.address, port=port.port),
            because=tuple(failed),
            confidence=Confidence.LIKELY,
            facts={
                "page": port.page,
                "script": port.script,
                "url": port.url,
                "host": evidence.target.host,
                "port": port.port,
                "own_port": evidence.target.port,
                "message": port.failure.message if port.failure else "",
                "tls": port.connected,
                "application": application_on(evidence, port.port),
            },
            fix=Fix((Manual("through-nginx", Where.APPLICATION),), Applicability.MANUAL),
        )


def _is_by_address(evidence: Evidence, port: PagePort) -> bool:
    """Return whether TLS fails because the page names an address (http.address-in-page)."""
    url = parse_url(port.url)
    is_own = url is not None and url.host == evidence.target.host
    return port.connected and url is not None and is_address(url.host) and not is_own


def _has_other_way(evidence: Evidence, port: PagePort) -> bool:
    """Return whether the page also names the same path on the site's own port, and it opens: one of
    the two may be a second try."""
    port_url = parse_url(port.url)
    path = port_url.path.partition("?")[0] if port_url else ""
    return any(
        upgrade.accepted and upgrade.path.partition("?")[0] == path
        for upgrade in evidence.good(Upgrade)
        if upgrade.through == "front"
    )
