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
from dataclasses import dataclass, replace

from checks.http._forwarded_names import ForwardedName
from checks.http._known_application import own_setting
from checks.nginx import Nginx, _location_edits
from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim, ended_attempts, refused_attempts
from checks.websocket._origin_fixes import (
    accepted_by_host,
    accepted_when_forwarded,
    forwarded_name_of,
    forwarded_place,
    host_facts,
    with_forwarded_name,
    with_host,
    with_scheme,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Severity, Subject, Where
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.program_logs import ProgramLine
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
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
    nginx = Nginx.of(evidence)
    has_pages = _has_pages(evidence)
    for attempt in (*_refused(evidence), *_closed(evidence)):
        yield _claim(nginx, _Trial.of(nginx, attempt), has_pages=has_pages)


def _has_pages(evidence: Evidence) -> bool:
    """Return whether the site serves pages, or a browser's request is the target."""
    return any(
        exchange.is_of_visit
        and (exchange.status or 500) < 400
        and "html" in (exchange.header("Content-Type") or "")
        for exchange in evidence.good(Exchange)
    ) or bool(polled_socketio_path(evidence.target.path))


def _refused(evidence: Evidence) -> Iterator[Attempt]:
    yield from refused_attempts(evidence, "origin")
    for reason in _VAGUE:
        for attempt in refused_attempts(evidence, reason):
            if _is_about_origin(WebSocketHandshakes.at_path(evidence, attempt.path)):
                yield attempt


def _closed(evidence: Evidence) -> Iterator[Attempt]:
    """Yield the attempts that opened and were closed over the Origin."""
    for attempt, ending in ended_attempts(evidence, "origin", "refused"):
        # Another path of the application than the one that the user named tells nothing more.
        if attempt.path not in (evidence.target.websockets or (attempt.path,)):
            continue
        if ending == "origin" or _stays_open(WebSocketHandshakes.at_path(evidence, attempt.path)):
            yield attempt


@dataclass(frozen=True, slots=True)
class _Trial:
    """What the changed handshakes of a refused attempt show."""

    attempt: Attempt
    handshakes: WebSocketHandshakes
    #: The Origin that is refused.
    origin: str
    #: What was changed in the handshakes that opened: "no-origin", "other-scheme", ...
    passing_variants: frozenset[str]
    #: The location, and the handshakes that open as soon as Host is the visitor's.
    host_result: tuple[LocationMatch, tuple[Upgrade, ...]] | None
    #: The location, if a handshake opens as soon as the scheme is told.
    forwarded_match: LocationMatch | None
    #: nginx's X-Forwarded-Host, if a handshake opens as soon as it is the visitor's.
    forwarded_name: ForwardedName | None
    #: The program's own line about the Origin.
    logged: ProgramLine | None

    @classmethod
    def of(cls, nginx: Nginx, attempt: Attempt) -> "_Trial":
        evidence = nginx.evidence
        handshakes = WebSocketHandshakes.at_path(evidence, attempt.path)
        origin = attempt.first.origin or evidence.target.origin
        host_result = accepted_by_host(nginx, handshakes)
        forwarded_match = None if host_result else accepted_when_forwarded(nginx, handshakes)
        return cls(
            attempt,
            handshakes,
            origin,
            frozenset(retry.variant for retry in passing_retries(attempt)),
            host_result,
            forwarded_match,
            None if host_result or forwarded_match else forwarded_name_of(nginx, handshakes),
            _logged_refusal(evidence, (origin, *_usual_origins(attempt))),
        )

    @property
    def is_fixed_in_nginx(self) -> bool:
        """Whether a line of nginx alone makes the application accept the Origin."""
        return bool(self.host_result or self.forwarded_match or self.forwarded_name)

    @property
    def is_fixed_by_scheme(self) -> bool:
        return "other-scheme" in self.passing_variants or self.forwarded_match is not None

    def is_meant_for_pages(self, own_origin: str, has_pages: bool) -> bool:
        """Return whether the application wants the site's own pages: who accepts the site's name
        with another scheme or port does, and Phoenix LiveView is part of a page."""
        is_own_name = self.origin == own_origin and bool(self.passing_variants & _OF_OWN_NAME)
        is_live_view = self.attempt.path.partition("?")[0].endswith("/live/websocket")
        return has_pages or is_own_name or is_live_view or _is_action_cable(self.handshakes)


#: Changes that leave the site's name in the Origin.
_OF_OWN_NAME = {"other-scheme", "with-port", "plain-port", "usual-port"}


def _claim(nginx: Nginx, trial: _Trial, *, has_pages: bool) -> Claim:
    # Imported late: only a finding needs it.
    from checks.server._changed_fields import host_without_port

    evidence, attempt = nginx.evidence, trial.attempt
    own_origin = evidence.target.origin
    is_meant = trial.is_meant_for_pages(own_origin, has_pages)
    facts = _claim_facts(nginx, trial, is_meant=is_meant)
    host_line = host_without_port(evidence, attempt.path) if facts["lost_port"] else None
    if host_line:
        facts.update(named=False, place=host_line.place, changed_host=host_line.text)
    # A page at the usual port may be what opens it, where Host is whole.
    is_meant = is_meant and not (facts["lost_port"] and facts["named"])
    is_own = trial.is_fixed_in_nginx or (is_meant and trial.origin == own_origin)
    base_claim = claim(
        attempt,
        _step(facts),
        Where.SERVER,
        facts,
        _confidence(trial, is_meant=is_meant, needs_login=bool(facts["login"])),
        None if is_own else Severity.WARNING,
    )
    base_claim = replace(base_claim, covers=(*base_claim.covers, *_first_requests(evidence)))
    if trial.is_fixed_in_nginx:
        return _with_line_of_nginx(nginx, base_claim, trial)
    if host_line:
        return replace(base_claim, fix=host_line.fix or base_claim.fix)
    # Imported late: only a finding needs them.
    from checks.websocket._server_fixes import with_own_line, with_port, with_server_fix

    if facts["plain_port"]:
        return with_port(evidence, base_claim, attempt.path)
    by_server = with_server_fix(evidence, base_claim, attempt.path, trial.is_fixed_by_scheme)
    if by_server is not base_claim:
        return by_server
    is_others = trial.is_fixed_by_scheme or trial.origin != own_origin
    by_line = base_claim if is_others else with_own_line(evidence, base_claim)
    return by_line if by_line is not base_claim else _with_own_setting(evidence, base_claim)


def _with_own_setting(evidence: Evidence, base_claim: Claim) -> Claim:
    """Return the claim with the edit of the program's own setting, if it was read and does not fit:
    many programs compare the Origin with the address that they are told for themselves."""
    # Imported late: only a finding needs it.
    from checks.upstream._own_remedy import own_remedy

    remedy = own_remedy(evidence, "allowed_origin", "public_url", of_frameworks=False)
    if remedy is None or remedy.fix.applicability is Applicability.MANUAL:
        return base_claim
    return replace(base_claim, fix=remedy.fix, facts={**base_claim.facts, **remedy.facts})


def _confidence(trial: _Trial, *, is_meant: bool, needs_login: bool) -> Confidence:
    if (trial.is_fixed_in_nginx or trial.logged) and not needs_login:
        return Confidence.CERTAIN
    is_likely = is_meant or trial.is_fixed_in_nginx
    return Confidence.LIKELY if is_likely else Confidence.POSSIBLE


def _claim_facts(nginx: Nginx, trial: _Trial, *, is_meant: bool) -> dict[str, object]:
    # Imported late: only a finding needs it.
    from checks.http._setting_lines import setting_facts

    evidence, attempt, origin = nginx.evidence, trial.attempt, trial.origin
    variants, host_result, forwarded_name = (
        trial.passing_variants,
        trial.host_result,
        trial.forwarded_name,
    )
    return {
        "origin": origin,
        "other": origin != evidence.target.origin,
        "without": "no-origin" in variants,
        "login": _login_status(attempt, trial.handshakes),
        "code": attempt.first.close_code or "",
        "close_reason": attempt.first.close_reason or attempt.first.last_words,
        "pages": is_meant,
        "cable": _is_action_cable(trial.handshakes),
        "page_origin": next(iter(_usual_origins(attempt)), origin),
        "logged": trial.logged.message if trial.logged else "",
        "scheme": trial.is_fixed_by_scheme,
        "tls": evidence.target.uses_tls,
        "port": "with-port" in variants,
        "plain_port": "plain-port" in variants,
        "lost_port": evidence.target.port if "usual-port" in variants else "",
        "host_variable": _location_edits.host_variable(evidence.target),
        "own_address": _own_address(trial.handshakes),
        **(_FIXED_BY_HOST if host_result else _front(evidence, nginx, attempt.path)),
        "forwarded_place": forwarded_place(trial.forwarded_match),
        "told": forwarded_name.value if forwarded_name else "",
        "told_place": forwarded_name.place if forwarded_name else "",
        "changed": "",
        "changed_place": "",
        "changed_host": "",
        **host_facts(nginx, host_result[0] if host_result else None),
        **own_setting(evidence, "allowed_origin", "public_url"),
        **setting_facts(evidence, origin, origin),
    }


def _with_line_of_nginx(nginx: Nginx, base_claim: Claim, trial: _Trial) -> Claim:
    """Add the edit of the line that makes the application accept the Origin."""
    if trial.host_result:
        return with_host(nginx, base_claim, *trial.host_result)
    if trial.forwarded_match:
        return with_scheme(nginx, base_claim, trial.forwarded_match, trial.handshakes)
    assert trial.forwarded_name, "one of the three is what fixes it"
    return with_forwarded_name(nginx, base_claim, trial.forwarded_name, trial.handshakes)


def _first_requests(evidence: Evidence) -> Iterator[Subject]:
    """Yield the subject of a Socket.IO client's first request, if that is the target: the same
    Origin refuses it."""
    target = evidence.target
    if polled_socketio_path(target.path):
        yield Subject(port=target.port, path=target.path)


_PHOENIX = "Could not check origin for Phoenix"

#: Reasons of a refusal that may be the Origin.
_VAGUE: tuple[Refusal, ...] = ("unauthorized", "other")


def _step(facts: Mapping[str, object]) -> str:
    """Return the step for a person, where no edit is known."""
    step = "cable" if facts["cable"] else "allow"
    return "scheme" if facts["scheme"] else "port" if facts["plain_port"] else step


def _logged_refusal(evidence: Evidence, origins: Collection[str]) -> ProgramLine | None:
    """Return the program's own line about an Origin that this run sent and it refuses."""
    for line in evidence.good(ProgramLine):
        is_named = any(origin in line.message for origin in origins)
        # Phoenix names the origin on a line of its own.
        if is_origin_error(line.message) and (is_named or _PHOENIX in line.message):
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
    hosts = {str(host_facts(nginx, match)["sent"]) for match in matches}
    return bool(hosts) and hosts <= {nginx.evidence.target.authority}
