"""The application redirects every request to https itself, also those of visitors who use https:
nginx asks it over http, and it looks at nothing else.

Asked directly, exactly as nginx asks it, it redirects to the visitor's own URL. It is told that the
visitor uses https (X-Forwarded-Proto), by nginx or by this run, and none of the other requests that
were tried makes it serve the page. Seen with programs that redirect their own http port to their
own https port.
"""

from collections.abc import Iterator

from checks.http._forwarded_scheme import tells_https
from checks.http._fronts import looping_exchanges
from checks.http._inner_site import inner_site_facts
from checks.nginx import Nginx, file_line
from checks.nginx._inner_scheme import inner_scheme
from checks.upstream._comparisons import decisive_change, proxied_match
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import Asked, ComparedRequest
from diagnose.model.server import Listeners
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.upstream_answers import reproduces


@check(
    severity=Severity.ERROR,
    needs=[ComparedRequest, NginxConfig, Exchange],
    explains=["http.redirect-loop", "http.no-redirect", "websocket.redirected"],
)
def forces_https(evidence: Evidence) -> Iterator[Claim]:
    nginx, loops = Nginx.of(evidence), looping_exchanges(evidence)
    requests = evidence.of(ComparedRequest)
    as_nginx = [request for request in requests if request.part == "none"]
    if not loops or not as_nginx or not all(reproduces(as_nginx[0], loop) for loop in loops):
        return
    # A server that redirects until a cookie comes back is another matter.
    sets_cookie = any(loop.header("Set-Cookie") for loop in loops)
    if sets_cookie or inner_scheme(nginx, loops[0]) or _is_served(evidence, requests):
        return
    match = proxied_match(nginx, as_nginx[0].path)
    if match is not None and _is_told(nginx, match, requests):
        yield _claim(nginx, match, as_nginx, loops)


def _is_served(evidence: Evidence, requests: tuple[ComparedRequest, ...]) -> bool:
    """Return whether the application serves the page to a changed request, or answers by turns."""
    other_requests: list[Asked | ComparedRequest] = [*requests, *evidence.of(Asked)]
    return decisive_change(evidence) is not None or any(
        request.failure is None and request.status not in REDIRECTS for request in other_requests
    )


def _is_told(nginx: Nginx, match: LocationMatch, requests: tuple[ComparedRequest, ...]) -> bool:
    """Return whether the application was told that the visitor uses https: by nginx, or when it
    was asked directly."""
    proxy_target = upstreams.proxy_target_of(
        match, upstreams.request_variables(nginx.evidence.target)
    )
    if proxy_target is None or proxy_target.secure:
        return False
    return _is_forwarded_by_nginx(nginx, match) or any(
        request.name.lower() == SCHEME_FIELD.lower() and request.value == "https"
        for request in requests
    )


def _is_forwarded_by_nginx(nginx: Nginx, match: LocationMatch) -> bool:
    target = nginx.evidence.target
    proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
    return proxy_target is not None and tells_https(match, proxy_target, target)


def _claim(
    nginx: Nginx,
    match: LocationMatch,
    as_nginx: list[ComparedRequest],
    loops: tuple[Exchange, ...],
) -> Claim:
    evidence, request = nginx.evidence, as_nginx[0]
    directive = proxy_pass_of(match) or match.block
    other_ports = _other_ports(evidence, request)
    ports = tuple(str(port) for port in other_ports or ())
    # Imported late: few applications redirect for ever.
    from checks.http._known_application import own_setting

    application = inner_site_facts(evidence, request.port, loops)
    step = "tell-wordpress" if application["wordpress"] else "choose"
    is_told = _is_forwarded_by_nginx(nginx, match)
    return Claim(
        about=Subject(port=evidence.target.port, path=request.path, text=file_line(directive)),
        covers=tuple(
            Subject(address=loop.address, port=port) for loop in loops for port in (loop.port, 80)
        ),
        because=(*loops, *as_nginx, *nginx.configs),
        # That it is the application is proven; whether a field that nobody knows would stop it is
        # not.
        confidence=Confidence.LIKELY,
        facts={
            "url": loops[0].url,
            "path": request.path,
            "status": request.status or "",
            "location": request.location,
            "application": request.endpoint,
            "place": file_line(directive),
            "ports": ports,
            "told": is_told,
            "one_port": other_ports == (),
            **application,
            **own_setting(evidence, "trusted_proxy"),
        },
        location=nginx.location(directive),
        fix=Fix(
            (*(() if is_told else _telling_steps(nginx, match)), Manual(step, Where.APPLICATION)),
            Applicability.MANUAL,
        ),
    )


def _telling_steps(nginx: Nginx, match: LocationMatch) -> tuple[Edit | Command | Manual, ...]:
    """Return the steps by which nginx sends what the application is to believe: no setting helps
    without the field."""
    # Imported late: few applications redirect for ever.
    from checks.upstream._origin_edits import page_origin_steps

    names = [SCHEME_FIELD, *(["Host"] if proxy_set_header_of(match, "Host") is None else [])]
    return page_origin_steps(nginx, match, names)


def _other_ports(evidence: Evidence, request: ComparedRequest) -> tuple[int, ...] | None:
    """Return the other ports on which the application's process listens, of which one may speak
    TLS; None if the process is not known."""
    sockets = [socket for listeners in evidence.of(Listeners) for socket in listeners.sockets]
    pids = {socket.pid for socket in sockets if socket.port == request.port and socket.pid}
    ports = {socket.port for socket in sockets if socket.pid in pids} - {request.port}
    return tuple(sorted(ports))[:4] if len(pids) == 1 else None
