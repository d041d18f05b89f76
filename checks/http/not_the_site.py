"""The page is not the site's: a hop on the way answers that it has no site for this name, or that
the tunnel to the server is not connected, or that its program on the server reaches nothing; or
visitors get the page of a package that was just installed.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose, shown_pages
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.http import Exchange
from diagnose.model.server import Listeners
from diagnose.parsers.stray_pages import PageKind, StrayPage, stray_page, tunnel_end

if TYPE_CHECKING:
    from checks.http._default_sites import DefaultSite

_STEPS: dict[PageKind, str] = {
    "unknown-name": "add-the-name",
    "tunnel": "connect",
    "tunnel-end": "serve-the-port",
    "record": "correct-the-record",
    "stopped": "start-it-again",
    "default": "own-site",
}


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.server-error",
        "http.cdn-error",
        "http.error-in-front",
        "http.no-redirect",
        "server.redirect-missing",
        "server.own-answer",
        "upstream.own-answer",
        "upstream.application-log",
        "websocket.not-upgraded",
    ],
)
def not_the_site(evidence: Evidence) -> Iterator[Claim]:
    visits = shown_pages(evidence)
    pages = [(visit, stray_page(visit.status, visit.body, _code(visit))) for visit in visits]
    strays = [(visit, page) for visit, page in pages if page]
    if not strays:
        return
    visit, page = strays[0]
    # A wrong certificate, or a WebSocket that was asked for, is the better question.
    if page.kind == "default" and (evidence.target.websockets or not visit.verified):
        return
    exchanges = [exchange for exchange, stray in strays if stray == page]
    subjects = endpoint_subjects(exchanges)
    # A redirect to such a page would take the site away from those who have it over http.
    plain = endpoint_subjects(exchanges_by_purpose(evidence, "plain"))
    covered = (*subjects, *plain, Subject(port=80)) if visit.url.startswith("https:") else subjects
    below = _paths_below(evidence) if page.kind == "default" else ()
    default = _default_site(evidence) if page.kind == "default" and not below else None
    empty = default.empty if default else None
    yield Claim(
        about=merge_subjects(subjects),
        covers=covered,
        because=tuple(exchanges),
        # A site that has its application below a path alone may have no page at its root.
        severity=(Severity.NOTE if below else Severity.WARNING) if page.kind == "default" else None,
        facts={
            "url": visit.url,
            "host": evidence.target.host,
            "status": visit.status or "",
            "addresses": addresses(exchanges),
            "product": page.product,
            "unknown_name": page.kind == "unknown-name",
            "tunnel": page.kind == "tunnel",
            "tunnel_end": page.kind == "tunnel-end",
            **_end_facts(evidence, visit),
            "record": page.kind == "record",
            "stopped": page.kind == "stopped",
            "default": page.kind == "default",
            "below": below,
            "answering": default.answering if default else "",
            "own": default.own if default else "",
            "empty": empty is not None,
            "program": empty.program if empty else "",
            "candidates": empty.candidates if empty else (),
            "tls_port": evidence.target.port if evidence.target.uses_tls else "",
        },
        fix=(default and default.fix) or _fix(page),
    )


def _default_site(evidence: Evidence) -> "DefaultSite":
    # Imported late: few sites show a default page.
    from checks.http._default_sites import default_site

    return default_site(evidence)


def _code(visit: Exchange) -> str:
    return visit.header("Ngrok-Error-Code") or ""


def _paths_below(evidence: Evidence) -> tuple[str, ...]:
    """Return the paths that the site passes on to applications, if the root was asked for and each
    of its sites does so below paths alone."""
    target = evidence.target
    if target.path_without_query != "/":
        return ()
    from checks.http._paths_of_blocks import paths_of_blocks

    if paths := paths_of_blocks(evidence):
        return paths[:5]
    from diagnose.model.web_servers import WebServerConfig
    from diagnose.parsers.web_sites import answering_sites

    below: list[str] = []
    for config in evidence.good(WebServerConfig):
        for site in answering_sites(config, target.port, target.host):
            routes = [
                route
                for route in site.routes
                if route.target != "!" and not route.path.startswith("/.well-known/")
            ]
            if not routes or any(route.pattern or route.path == "/" for route in routes):
                return ()
            below += [route.path for route in routes]
    return tuple(dict.fromkeys(below))[:5]


def _end_facts(evidence: Evidence, visit: Exchange) -> dict[str, object]:
    """Return where the program of a tunnel connects to, and who listens on that port, if the page
    says it and the server was looked into."""
    end = tunnel_end(visit.body)
    host, port = end or ("", 0)
    listeners = evidence.good(Listeners) if is_local_host(host.strip("[]")) else ()
    holders = {holder.process or "?" for listing in listeners for holder in listing.on(port)}
    return {
        "end": f"{host}:{port}" if end else "",
        "end_port": port or "",
        "unserved": bool(listeners) and not holders,
        "holders": tuple(sorted(holders)),
    }


def _fix(page: StrayPage) -> Fix:
    side = Where.SERVER if page.kind == "default" else Where.CLOUD_CONSOLE
    step = _STEPS[page.kind]
    place = Where.APPLICATION if page.kind in {"tunnel", "tunnel-end"} else side
    return Fix((Manual(step, place),), Applicability.MANUAL)
