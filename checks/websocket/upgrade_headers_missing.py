"""The proxy does not forward Upgrade and Connection. They belong to one connection (RFC 9110
section 7.6.1), and nginx forwards them only if it is configured to. So the application does not
know that a WebSocket is requested, and responds as to any request: 400, 404, 426 or a page.

The status proves nothing. The proof is the comparison: the application accepts the handshake, and
nginx's response refuses it. Where the application wants a login first, it answers 401 with and
without Upgrade. The configuration decides then, if the site's page opens a WebSocket there, the
user named it, the application is known to need it (`diagnose/applications`), or browsers of
visitors got another answer there, by the access log: who has logged in gets to the WebSocket. So
it does where a person writes that a WebSocket does not open.

The location may be that of a second server block of the same nginx, to which the visitors' one
passes the upgrade on, or of a block at port 80 that another machine asks, which ends TLS.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._websockets import (
    WebSocketHandshakes,
    front_status,
    handshake_evidence,
    locations_losing_upgrades,
    named_websocket,
    refused_visitors,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import RefusedHandshakes
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.nginx.forwarding import inheritance_broken_at, upgrade_forwarding
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    proxy_pass_of,
    proxy_set_header_of,
)
from diagnose.parsers.websocket_refusal import upgrade_lost

#: Libraries that use ordinary requests where no WebSocket opens. A program may forbid that.
_WITH_FALLBACK = {"Socket.IO", "SockJS", "SignalR", "Blazor"}
#: The facts of a log without a refused visitor.
_NOT_LOGGED: dict[str, object] = {"visitors": "", "log": ""}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.unauthorized",
        "websocket.redirected",
        "websocket.not-tried",
        "websocket.inner-proxy",
        "http.server-error",
    ],
)
def upgrade_headers_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    losing = tuple(locations_losing_upgrades(nginx)) or _losing_behind(nginx)
    for match, paths in losing or _losing_as_reported(nginx):
        if not inheritance_broken_at(match):
            yield _claim(nginx, match, paths, is_reported=not losing)


def _losing_behind(nginx: Nginx) -> tuple[tuple[LocationMatch, list[str]], ...]:
    """Return the locations of blocks behind the visitors' one that lose the upgrade of a WebSocket
    which visitors do not get, each with its paths."""
    refused = {
        upgrade.path
        for upgrade in nginx.evidence.good(Upgrade)
        if upgrade.is_visit and not upgrade.accepted
        if 0 < (upgrade.status or 0) < 500 or upgrade_lost(upgrade.status, upgrade.body)
    }
    if not refused:
        return ()
    # Imported late: few sites have such blocks, and fewer refuse WebSockets.
    from checks.nginx._inner_blocks import inner_requests

    groups: dict[int, tuple[LocationMatch, list[str]]] = {}
    for path in sorted(refused):
        for request in inner_requests(nginx, path):
            match = request.match
            if proxy_pass_of(match) and request.passes_on and not all(upgrade_forwarding(match)):
                groups.setdefault(id(match.block), (match, []))[1].append(path)
                break
    return tuple(groups.values()) or _losing_on_the_way(nginx)


def _losing_on_the_way(nginx: Nginx) -> tuple[tuple[LocationMatch, list[str]], ...]:
    """Return the locations that lose the upgrade behind another server, or where another machine
    ends the visitors' TLS and asks over http. Only where the answer itself says that the upgrade is
    lost: who asks may refuse a WebSocket for another reason."""
    # Imported late: few sites have several servers, and fewer refuse WebSockets.
    from checks.upstream._hops import nginx_locations

    groups: dict[int, tuple[LocationMatch, list[str]]] = {}
    for upgrade in nginx.evidence.good(Upgrade):
        is_lost = upgrade.is_visit and not upgrade.accepted
        if not is_lost or not upgrade_lost(upgrade.status, upgrade.body):
            continue
        for match in nginx_locations(nginx.evidence, upgrade.path):
            if proxy_pass_of(match) and not all(upgrade_forwarding(match)):
                paths = groups.setdefault(id(match.block), (match, []))[1]
                if upgrade.path not in paths:
                    paths.append(upgrade.path)
                break
    return tuple(groups.values())


def _losing_as_reported(nginx: Nginx) -> tuple[tuple[LocationMatch, list[str]], ...]:
    """Return the location that loses the upgrade of a WebSocket of which a person writes that it
    does not open: that of a path which the page or the log names, or that of the page itself, if
    the site has one application and no location of it passes upgrades on."""
    if nginx.evidence.target.symptom is None or nginx.config is None:
        return ()
    # Imported late: few runs have a pasted message.
    from checks.websocket._reported import has_own_path, reported_paths

    paths = reported_paths(nginx.evidence)
    if paths and not has_own_path(nginx.evidence) and not _is_one_application(nginx):
        return ()
    for path in paths:
        for match in nginx.location_matches(path):
            if proxy_pass_of(match) and not all(upgrade_forwarding(match)):
                return ((match, [path]),)
    return ()


def _is_one_application(nginx: Nginx) -> bool:
    """Return whether the site passes requests on to one application alone, and upgrades nowhere."""
    locations = [
        match
        for selected in nginx.answering_servers()
        for match in all_locations(selected.server)
        if proxy_pass_of(match)
    ]
    targets = {
        directive.args[0].partition("://")[2].partition("/")[0]
        for match in locations
        if (directive := proxy_pass_of(match))
    }
    is_passed = any(all(upgrade_forwarding(match)) for match in locations)
    return len(targets) == 1 and not is_passed


def _claim(
    nginx: Nginx, match: LocationMatch, paths: list[str], is_reported: bool = False
) -> Claim:
    evidence, location = nginx.evidence, match.block
    handshake_sets = [WebSocketHandshakes.at_path(evidence, path) for path in paths]
    proven = any(
        handshakes.broken_by_proxy or handshakes.accepted_as_requested
        for handshakes in handshake_sets
    )
    library = _library_with_fallback(evidence, paths)
    known = named_websocket(evidence, paths[0])
    need = known.need if known else ""
    # A person who writes about another fault misses no WebSocket of a part of the program alone.
    is_elsewhere = evidence.target.symptom is not None and not is_reported
    is_needed = need == "required" and not (is_elsewhere and known and not known.opens)
    is_asked = any(path in evidence.target.websockets for path in paths)
    login = None if proven else _login_status(handshake_sets)
    # The program of a page that nobody knows may do without, and a known one may have none.
    is_missing = not proven and any(handshakes.not_found for handshakes in handshake_sets)
    logged = not proven and _refused_visitors(evidence, paths)
    is_unsure = is_reported or (
        not is_asked and (bool((login or logged) and not is_needed) or is_missing)
    )
    # The program has nothing at that path, and nobody misses it: another version may have it.
    is_unneeded = is_missing and not (is_asked or is_reported or logged)
    severity = Severity.WARNING if library or is_unsure else None
    return Claim(
        severity=Severity.NOTE if is_unneeded else severity,
        about=Subject(port=evidence.target.port, text=file_line(location)),
        covers=(
            *(Subject(port=evidence.target.port, path=path) for path in paths),
            *endpoint_subjects(_failed_pages(evidence, paths)),
        ),
        because=(
            *handshake_evidence(nginx, handshake_sets),
            *(known for path in paths if (known := named_websocket(evidence, path))),
            *((logged,) if logged else ()),
        ),
        facts={
            "path": paths[0],
            "paths": tuple(paths),
            "place": file_line(location),
            "location": location.text,
            "status": front_status(handshake_sets),
            "application": _asked_application(handshake_sets),
            "proven": proven,
            "together": any(handshakes.accepted_as_requested for handshakes in handshake_sets),
            **_header_facts(match),
            "library": library if need != "optional" else "",
            "name": known.library if known and need else "",
            "optional": need == "optional",
            "login": login or "",
            "reported": is_reported,
            "unknown": is_reported and known is None and not _is_logged(evidence, paths[0]),
            **({"visitors": logged.status, "log": logged.file} if logged else _NOT_LOGGED),
        },
        confidence=Confidence.POSSIBLE if is_unneeded else _confidence(proven),
        ruled_out=("upstream.refused",) if proven else (),
        location=nginx.location(location),
        is_reported=is_reported,
        fix=_fix(nginx, match, handshake_sets, paths),
    )


def _login_status(handshake_sets: list[WebSocketHandshakes]) -> int | None:
    """Return what the application answers where it wants a login."""
    upgrades = (upgrade for each in handshake_sets if each.wants_login for upgrade in each.direct)
    return next((upgrade.status for upgrade in upgrades), None)


def _is_logged(evidence: Evidence, path: str) -> bool:
    return any(handshakes.path == path for handshakes in evidence.good(RefusedHandshakes))


def _confidence(proven: bool) -> Confidence:
    return Confidence.CERTAIN if proven else Confidence.LIKELY


def _asked_application(handshake_sets: list[WebSocketHandshakes]) -> str:
    """Return the address at which the application itself was asked; "" if it was not."""
    direct = (upgrade for handshakes in handshake_sets for upgrade in handshakes.direct)
    return next((f"{upgrade.address}:{upgrade.port}" for upgrade in direct), "")


def _header_facts(match: LocationMatch) -> dict[str, object]:
    """Return which of the two fields nginx does not pass on, and what it sends as Connection."""
    passes_upgrade, passes_connection = upgrade_forwarding(match)
    header = proxy_set_header_of(match, "Connection")
    return {
        "no_upgrade": not passes_upgrade,
        "no_connection": not passes_connection,
        "connection": " ".join(header.args[1:]) or '""' if header else "close",
    }


def _refused_visitors(evidence: Evidence, paths: list[str]) -> RefusedHandshakes | None:
    """Return the handshakes of visitors that got another answer than this run's own."""
    for path in paths:
        direct = WebSocketHandshakes.at_path(evidence, path).direct
        if logged := refused_visitors(evidence, path, {upgrade.status for upgrade in direct}):
            return logged
    return None


def _failed_pages(evidence: Evidence, paths: list[str]) -> list[Exchange]:
    """Return the responses to requests without an upgrade at the WebSocket that is the target: some
    servers of WebSockets close the connection then (502). They accept the handshake."""
    path = evidence.target.path
    handshakes = WebSocketHandshakes.at_path(evidence, path)
    is_meant = evidence.target.is_websocket or bool(handshakes.closed)
    if path not in paths or not is_meant or not handshakes.accepted_by_application:
        return []
    return [page for page in page_exchanges(evidence) if page.status == 502]


def _library_with_fallback(evidence: Evidence, paths: list[str]) -> str:
    """Return the library that opens the page's WebSockets, if all of them may do without and the
    user named none; else ""."""
    named_here = [named for named in evidence.good(WebSocketPath) if named.path in paths]
    libraries = {named.library for named in named_here}
    with_fallback = _WITH_FALLBACK | {
        named.library for named in named_here if named.need == "optional"
    }
    is_asked = any(path in evidence.target.websockets for path in paths)
    return (
        next(iter(libraries))
        if len(libraries) == 1 and not is_asked and libraries <= with_fallback
        else ""
    )


def _fix(
    nginx: Nginx, match: LocationMatch, handshake_sets: list[WebSocketHandshakes], paths: list[str]
) -> Fix:
    host = any(
        upgrade.accepted
        for handshakes in handshake_sets
        if handshakes.accepted_as_requested
        for upgrade in handshakes.visitor_host
    )
    whole = any(
        upgrade.accepted
        for handshakes in handshake_sets
        if handshakes.accepted_as_requested
        for upgrade in handshakes.whole_path
    )
    file_edits = _location_edits.websocket_edits(nginx, match, host, whole)
    return _location_edits.location_fix(
        nginx, match, file_edits, sure=not whole or _location_edits.serves_only(match, paths)
    )
