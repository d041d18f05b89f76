"""The handshake succeeds without an Origin and is refused with the site's own (RFC 6455 section
10.2), or the refusal itself names the Origin.

A site that serves pages opens its WebSocket from them, and a browser said so where a Socket.IO
client's first request is the target. A host for programs may accept another site's pages only, on
purpose.

A demand for a login (401) in the place of the refusal (403) shows the same: the Origin is compared
before the login. Some applications refuse a request without an Origin as well (Action Cable: 404).
There another Origin that is accepted decides: that of the other scheme (nobody tells the
application that the page came over https), that with a port (Host has one, or nobody tells the
application the port), or the application's own address.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from checks.http._known_application import own_setting
from checks.http._told_names import ToldName, visitors_name_fix
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim, ended_attempts, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject, Where
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.program_logs import ProgramLine
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.urls import polled_socketio_path
from diagnose.parsers.websocket_refusal import (
    Refusal,
    is_origin_error,
    is_refusal_of_action_cable,
    passing_retries,
)


@check(
    severity=Severity.ERROR,
    needs=[Upgrade],
    needs_fault=[Upgrade],
    explains=[
        "upstream.application-log",
        "websocket.unauthorized", "websocket.not-upgraded", "websocket.closed-by-policy",
        "upstream.own-answer", "server.application-answers",
    ],
)  # fmt: skip
def origin_refused(evidence: Evidence) -> Iterator[Claim]:
    pages = any(
        exchange.is_of_visit
        and (exchange.status or 500) < 400
        and "html" in (exchange.header("Content-Type") or "")
        for exchange in evidence.good(Exchange)
    ) or bool(polled_socketio_path(evidence.target.path))
    nginx = Nginx.of(evidence)
    closed = [
        attempt
        for attempt, ending in ended_attempts(evidence, "origin", "refused")
        # Another path of the application than the one that the user named tells nothing more.
        if attempt.path in (evidence.target.websockets or (attempt.path,))
        if ending == "origin" or _stays_open(WebSocketHandshakes.at_path(evidence, attempt.path))
    ]
    refused = [
        *refused_attempts(evidence, "origin"),
        *(
            attempt
            for reason in _VAGUE
            for attempt in refused_attempts(evidence, reason)
            if _is_about_origin(WebSocketHandshakes.at_path(evidence, attempt.path))
        ),
    ]
    for attempt in (*refused, *closed):
        # Imported late: only a finding needs them.
        from checks.http._setting_lines import setting_facts
        from checks.server._changed_fields import host_without_port
        from checks.websocket._server_fixes import with_port, with_server_fix

        own_origin = evidence.target.origin
        origin = attempt.first.origin or own_origin
        handshakes = WebSocketHandshakes.at_path(evidence, attempt.path)
        passing = passing_retries(attempt)
        passing_variants = {retry.variant for retry in passing}
        # Who accepts the site's name with another scheme or port wants the site's own pages.
        is_own_name = origin == own_origin and bool(
            passing_variants & {"other-scheme", "with-port", "plain-port", "usual-port"}
        )
        is_cable = _is_action_cable(handshakes)
        logged = _logged_refusal(evidence, (origin, *_usual_origins(attempt)))
        is_meant = pages or is_own_name or is_cable
        host_result = _accepted_by_host(nginx, handshakes)
        forwarded_match = None if host_result else _accepted_when_forwarded(nginx, handshakes)
        match = host_result[0] if host_result else None
        told_name = None if host_result or forwarded_match else _told_name(nginx, handshakes)
        facts = {
            "origin": origin,
            "other": origin != own_origin,
            "without": "no-origin" in passing_variants,
            "login": _login_status(attempt, handshakes),
            "code": attempt.first.close_code or "",
            "close_reason": attempt.first.close_reason or attempt.first.last_words,
            "pages": is_meant,
            "cable": is_cable,
            "page_origin": next(iter(_usual_origins(attempt)), origin),
            "logged": logged.message if logged else "",
            "scheme": "other-scheme" in passing_variants or forwarded_match is not None,
            "tls": evidence.target.uses_tls,
            "port": "with-port" in passing_variants,
            "plain_port": "plain-port" in passing_variants,
            "lost_port": evidence.target.port if "usual-port" in passing_variants else "",
            "host_variable": _location_edits.host_variable(evidence.target),
            "own_address": _own_address(handshakes),
            **(_FIXED_BY_HOST if host_result else _front(evidence, nginx, attempt.path)),
            "forwarded_place": _forwarded_place(forwarded_match),
            "told": told_name.value if told_name else "",
            "told_place": told_name.place if told_name else "",
            "changed": "",
            "changed_place": "",
            "changed_host": "",
            **_facts(nginx, match),
            **own_setting(evidence, "allowed_origin", "public_url"),
            **setting_facts(evidence, origin, origin),
        }
        host_line = host_without_port(evidence, attempt.path) if facts["lost_port"] else None
        if host_line:
            facts.update(named=False, place=host_line.place, changed_host=host_line.text)
        # A page at the usual port may be what opens it, where Host is whole.
        is_meant = is_meant and not (facts["lost_port"] and facts["named"])
        base_claim = claim(
            attempt,
            _step(facts),
            Where.SERVER,
            facts,
            Confidence.CERTAIN
            if (host_result or forwarded_match or told_name or logged) and not facts["login"]
            else Confidence.LIKELY
            if is_meant or host_result or forwarded_match or told_name
            else Confidence.POSSIBLE,
            None
            if host_result or forwarded_match or told_name or (is_meant and origin == own_origin)
            else Severity.WARNING,
        )
        base_claim = replace(base_claim, covers=(*base_claim.covers, *_first_requests(evidence)))
        if forwarded_match:
            yield _with_scheme(nginx, base_claim, forwarded_match, handshakes)
        elif told_name:
            yield _with_told_name(nginx, base_claim, told_name, handshakes)
        elif host_result:
            yield _with_fix(nginx, base_claim, *host_result)
        elif host_line:
            yield replace(base_claim, fix=host_line.fix or base_claim.fix)
        elif facts["plain_port"]:
            yield with_port(evidence, base_claim, attempt.path)
        else:
            yield with_server_fix(evidence, base_claim, attempt.path, bool(facts["scheme"]))


def _first_requests(evidence: Evidence) -> Iterator[Subject]:
    """Yield the subject of a Socket.IO client's first request, if that is the target: the same
    Origin refuses it."""
    target = evidence.target
    if polled_socketio_path(target.path):
        yield Subject(port=target.port, path=target.path)


#: Reasons of a refusal that may be the Origin.
_VAGUE: tuple[Refusal, ...] = ("unauthorized", "other")


def _step(facts: Mapping[str, object]) -> str:
    """Return the step for a person, where no edit is known."""
    step = "cable" if facts["cable"] else "allow"
    return "scheme" if facts["scheme"] else "port" if facts["plain_port"] else step


def _logged_refusal(evidence: Evidence, origins: Collection[str]) -> ProgramLine | None:
    """Return the program's own line about an Origin that this run sent and it refuses."""
    for line in evidence.good(ProgramLine):
        if is_origin_error(line.message) and any(origin in line.message for origin in origins):
            return line
    return None


def _is_about_origin(handshakes: WebSocketHandshakes) -> bool:
    return _accepts_other_origin(handshakes) or _is_action_cable(handshakes)


def _is_action_cable(handshakes: WebSocketHandshakes) -> bool:
    """Whether the application is Action Cable and refuses a whole handshake: it asks for nothing
    but an Origin that it allows."""
    return bool(handshakes.direct) and all(map(is_refusal_of_action_cable, handshakes.direct))


def _usual_origins(attempt: Attempt) -> tuple[str, ...]:
    """Return the Origins of pages at the usual ports, if they were refused too."""
    usual = (retry.origin for retry in attempt.retries if retry.variant == "usual-port")
    return tuple(dict.fromkeys(filter(None, usual)))


def _accepts_other_origin(handshakes: WebSocketHandshakes) -> bool:
    """Whether the application refuses what nginx sends, and accepts the same with another Origin,
    or with the visitor's scheme."""
    other_handshakes = (*handshakes.forwarded, *handshakes.own_host, *handshakes.forwarded_host)
    return handshakes.refused_by_application and any(map(handshakes.takes, other_handshakes))


def _login_status(attempt: Attempt, handshakes: WebSocketHandshakes) -> int | str:
    """Return the status with which changed handshakes were asked to log in, "" where one opened."""
    changed = (
        *handshakes.visitor_host,
        *handshakes.forwarded,
        *handshakes.forwarded_host,
        *handshakes.own_host,
    )
    passing = [*passing_retries(attempt), *filter(handshakes.takes, changed)]
    if any(upgrade.accepted for upgrade in passing):
        return ""
    return next((upgrade.status for upgrade in passing if upgrade.status), "")


def _stays_open(handshakes: WebSocketHandshakes) -> bool:
    """Whether the application closes what nginx sends at once, and keeps the same open when it is
    told the visitor's name or scheme."""
    other_handshakes = (*handshakes.visitor_host, *handshakes.forwarded, *handshakes.forwarded_host)
    return handshakes.closed_by_application and any(map(handshakes.takes, other_handshakes))


def _own_address(handshakes: WebSocketHandshakes) -> str:
    """Return the only Origin that the application accepts, if it is its own address."""
    origins = (upgrade.origin for upgrade in handshakes.own_host if handshakes.takes(upgrade))
    return next(origins, None) or ""


def _accepted_when_forwarded(nginx: Nginx, handshakes: WebSocketHandshakes) -> LocationMatch | None:
    """Return the location, if the application accepts the Origin as soon as it is told the
    visitor's scheme."""
    accepted = [upgrade for upgrade in handshakes.forwarded if handshakes.takes(upgrade)]
    matches = nginx.location_matches(accepted[0].path) if accepted else ()
    return next((match for match in matches if proxy_pass_of(match)), None)


def _forwarded_place(match: LocationMatch | None) -> str:
    directive = match and (proxy_set_header_of(match, _SCHEME) or proxy_pass_of(match))
    return file_line(directive) if directive else ""


def _with_scheme(
    nginx: Nginx, base_claim: Claim, match: LocationMatch, handshakes: WebSocketHandshakes
) -> Claim:
    """Add the line that tells the application the visitor's scheme. Whatever else the application
    reads from it, such as its links, becomes right too: that needs a look."""
    reported_directive = proxy_set_header_of(match, _SCHEME) or proxy_pass_of(match) or match.block
    target, sent_host = nginx.evidence.target, handshakes.forwarded[0].url.partition("://")[2]
    proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
    passed = proxy_target and proxy_headers.forwarded_host(match, proxy_target, target)
    headers = {_SCHEME: "$scheme"}
    if passed != sent_host.partition("/")[0]:
        headers["Host"] = _location_edits.host_variable(target)
    changes: Changes = {}
    lines = _location_edits.header_lines(nginx, match, headers, changes)
    _location_edits.insert_lines(nginx, match, lines, changes)
    return replace(
        base_claim,
        because=(
            *base_claim.because,
            *handshakes.direct,
            *handshakes.forwarded,
            *([nginx.config] if nginx.config else []),
        ),
        location=nginx.location(reported_directive),
        fix=_location_edits.location_fix(nginx, match, config_edits(nginx, changes)),
    )


def _told_name(nginx: Nginx, handshakes: WebSocketHandshakes) -> ToldName | None:
    """Return nginx's X-Forwarded-Host, if the application accepts the Origin as soon as it is the
    visitor's host."""
    accepted = [upgrade for upgrade in handshakes.forwarded_host if handshakes.takes(upgrade)]
    matches = nginx.location_matches(accepted[0].path) if accepted else ()
    for match in matches:
        directive = proxy_set_header_of(match, _HOST)
        if directive and proxy_pass_of(match):
            return ToldName(_HOST, " ".join(directive.args[1:]), match, directive)
    return None


def _with_told_name(
    nginx: Nginx, base_claim: Claim, told_name: ToldName, handshakes: WebSocketHandshakes
) -> Claim:
    return replace(
        base_claim,
        because=(
            *base_claim.because,
            *handshakes.direct,
            *handshakes.forwarded_host,
            *([nginx.config] if nginx.config else []),
        ),
        location=nginx.location(told_name.directive),
        fix=visitors_name_fix(nginx, told_name) or base_claim.fix,
    )


_SCHEME, _HOST = "X-Forwarded-Proto", "X-Forwarded-Host"


def _accepted_by_host(
    nginx: Nginx, handshakes: WebSocketHandshakes
) -> tuple[LocationMatch, tuple[Upgrade, ...]] | None:
    """Return the location and handshakes which show that the application accepts this Origin if
    only Host is the visitor's; otherwise None."""
    named_upgrades = tuple(filter(handshakes.takes, handshakes.visitor_host))
    paths = [upgrade.path for upgrade in named_upgrades[:1]]
    match = next(
        (match for path in paths for match in nginx.location_matches(path) if proxy_pass_of(match)),
        None,
    )
    return (match, named_upgrades) if named_upgrades and match else None


#: What is said of the server in front where the visitor's Host alone helps.
_FIXED_BY_HOST: dict[str, object] = {"front": "nginx", "named": False}


def _front(evidence: Evidence, nginx: Nginx, path: str) -> dict[str, object]:
    """Return what the server in front is called, and whether it passes the visitor's host on."""
    if _passes_visitors_host(nginx, path):
        return {"front": "nginx", "named": True}
    # Imported late: only a finding needs them.
    from checks.server import server_on_port
    from checks.server._backend_answers import route_to_application

    view = server_on_port(evidence)
    route = route_to_application(view, path.partition("?")[0]) if view else None
    is_passed = view is not None and route is not None and route.keeps_host
    return {"front": view.server.title if view and is_passed else "nginx", "named": is_passed}


def _passes_visitors_host(nginx: Nginx, path: str) -> bool:
    """Return whether nginx asks the application for the host that visitors use, so that only its
    own list of origins is left."""
    matches = [match for match in nginx.location_matches(path) if proxy_pass_of(match)]
    hosts = {str(_facts(nginx, match)["sent"]) for match in matches}
    return bool(hosts) and hosts <= {nginx.evidence.target.authority}


def _facts(nginx: Nginx, match: LocationMatch | None) -> dict[str, object]:
    pass_directive = proxy_pass_of(match) if match else None
    if match is None or pass_directive is None:
        return {"place": "", "sent": ""}
    proxy_target = upstreams.proxy_target_of(
        match, upstreams.request_variables(nginx.evidence.target)
    )
    reported_directive = proxy_set_header_of(match, "Host") or pass_directive
    sent_host = (
        proxy_headers.forwarded_host(match, proxy_target, nginx.evidence.target)
        if proxy_target
        else ""
    )
    return {"place": file_line(reported_directive), "sent": sent_host or ""}


def _with_fix(
    nginx: Nginx, base_claim: Claim, match: LocationMatch, named_upgrades: tuple[Upgrade, ...]
) -> Claim:
    reported_directive = proxy_set_header_of(match, "Host") or proxy_pass_of(match) or match.block
    return replace(
        base_claim,
        because=(*base_claim.because, *named_upgrades, *([nginx.config] if nginx.config else [])),
        location=nginx.location(reported_directive),
        fix=_location_edits.location_fix(
            nginx, match, _location_edits.websocket_edits(nginx, match, set_host=True)
        ),
    )
