"""The application does not know the name in the Host header. Servers choose the site by it (RFC
9110 section 7.2), and frameworks refuse names that they are not configured for.

By default nginx sends the name in proxy_pass: "127.0.0.1:3000", or the name of the upstream group.
Or the other way round: the application is a site of its own elsewhere, and gets the visitor's name.

The application may be a second server block of the same nginx, which has the visitor's name.

The evidence is two requests to the application, with the name that nginx sends and with another,
and both once more as a control.
"""

from collections.abc import Iterator

from checks.http._fronts import looping_exchanges
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._websockets import WebSocketHandshakes
from checks.upstream._comparisons import proxied_match
from checks.websocket import refused_attempts
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
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import Asked
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.nginx import proxy_headers as header_parser
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.server_blocks import select_server
from diagnose.parsers.stray_pages import is_default_page


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "http.host-refused",
        "http.not-the-site",
        "http.redirect-loop",
        "http.server-error",
        "upstream.closed-early",
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.inner-proxy",
        # Applications compare the Origin with the Host.
        "websocket.origin-refused",
        "websocket.redirected",
        "websocket.unauthorized",
    ],
)
def wrong_host_header(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    responses = evidence.of(Asked)
    nginx_responses = [response for response in responses if response.variant == "passed"]
    loops = bool(looping_exchanges(evidence))
    if nginx_responses and all(_is_refused(response, loops) for response in nginx_responses):
        nginx_response = nginx_responses[0]
        # A control that was refused shows an application that answers differently each time.
        unsteady_names = {
            response.sent for response in responses if not _is_welcome(response, loops)
        }
        accepted_responses = [
            response for response in responses if response.sent not in unsteady_names
        ]
        better_response = next(
            (response for response in accepted_responses if response.variant == "visitor"), None
        )
        match = proxied_match(nginx, nginx_response.path)
        if better_response is None and match:
            better_response = _own_name(nginx, match, accepted_responses)
        if better_response and match:
            yield _of_page(nginx, match, nginx_response, better_response)
            return
    yield from _of_default_page(nginx)
    for path in evidence.target.websockets:
        match, handshakes = (
            proxied_match(nginx, path),
            WebSocketHandshakes.at_path(evidence, path),
        )
        by_origin = any(attempt.path == path for attempt in refused_attempts(evidence, "origin"))
        named_upgrades = [upgrade for upgrade in handshakes.visitor_host if upgrade.accepted]
        if (
            match
            and handshakes.refused_by_application
            and named_upgrades
            and not by_origin
            and not handshakes.accepted_by_front
        ):
            yield _of_websocket(nginx, match, handshakes, named_upgrades[0])


def _of_default_page(nginx: Nginx) -> Iterator[Claim]:
    """Yield the claim about a second server block of this nginx that has the visitor's name, and is
    not chosen: the default one of its socket answers, with the page of a fresh installation."""
    target = nginx.evidence.target
    pages = [
        page
        for page in page_exchanges(nginx.evidence)
        if page.failure is None and is_default_page(page.status, page.body)
    ]
    if not pages:
        return
    # Imported late: few sites show such a page.
    from checks.nginx._inner_blocks import inner_requests
    from diagnose.parsers.nginx.final_requests import final_location

    inner = next(iter(inner_requests(nginx, target.path)), None)
    if inner is None or inner.name_match != "default":
        return
    named, kind = select_server(inner.socket, target.host)
    location = final_location(named, target.path)
    if kind != "exact" or location.redirects or children(location.block, "return"):
        return
    value = _location_edits.host_variable(target)
    yield _claim(
        nginx,
        inner.outer,
        target.path,
        tuple(pages),
        {
            "sent": inner.host,
            "wanted": target.host,
            "status": pages[0].status or "",
            "other_status": "",
            "answer": excerpt(pages[0].body),
            "message": "",
            "application": f"127.0.0.1:{inner.socket.port}",
            "visitor": True,
            "value": value,
            "named": file_line(named.block),
        },
        _fix(nginx, inner.outer, value, visitor=True),
    )


def _name_value(nginx: Nginx, match: LocationMatch, name: str, visitor: bool) -> str:
    """Return what `proxy_set_header Host` needs so that the application gets this name."""
    target = nginx.evidence.target
    if visitor:
        return _location_edits.host_variable(target)
    proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
    is_proxy_host = proxy_target is not None and proxy_target.authority == name
    return "$proxy_host" if is_proxy_host else name


def _own_name(nginx: Nginx, match: LocationMatch, responses: list[Asked]) -> Asked | None:
    """Return the response under the only name of the application's own that it serves; None if
    there are several. A name with a port and without one is the same name: that of proxy_pass."""
    own = [response for response in responses if response.variant == "own"]
    if len({response.sent.partition(":")[0].lower() for response in own}) != 1:
        return None
    target = upstreams.proxy_target_of(match, upstreams.request_variables(nginx.evidence.target))
    authority = target.authority if target else ""
    return next((response for response in own if response.sent == authority), own[0])


def _is_refused(response: Asked, loops: bool) -> bool:
    """Return whether the application does not serve the page; a redirect is a refusal if the site
    redirects to itself for ever (`loops`)."""
    if response.failure:
        return response.failure.kind in {"closed", "reset"}
    if loops and 300 <= (response.status or 0) < 400:
        return True
    return header_parser.may_reject_host(response.status, response.body)


def _is_welcome(response: Asked, loops: bool) -> bool:
    """Return whether the response is a page, or a redirect if the name was the visitor's and
    redirects lead somewhere."""
    status = response.status or 500
    good = status < 400 if response.variant == "visitor" and not loops else status < 300
    return (
        response.variant not in {"passed", "address"}
        and good
        and not header_parser.may_reject_host(response.status, response.body)
    )


def _of_page(
    nginx: Nginx, match: LocationMatch, nginx_response: Asked, better_response: Asked
) -> Claim:
    target = nginx.evidence.target
    exchanges = [
        exchange for exchange in nginx.evidence.of(Exchange) if exchange.is_page_of(target)
    ]
    visitor = better_response.variant == "visitor"
    value = _name_value(nginx, match, better_response.sent, visitor)
    return _claim(
        nginx,
        match,
        nginx_response.path,
        (nginx_response, better_response, *exchanges),
        {
            "sent": nginx_response.sent,
            "wanted": better_response.sent,
            "status": nginx_response.status or "",
            "other_status": better_response.status or "",
            "answer": excerpt(nginx_response.body),
            "message": nginx_response.failure.message if nginx_response.failure else "",
            "application": nginx_response.endpoint,
            "visitor": visitor,
            "value": value,
        },
        _fix(nginx, match, value, visitor),
    )


def _of_websocket(
    nginx: Nginx, match: LocationMatch, handshakes: WebSocketHandshakes, named_upgrade: Upgrade
) -> Claim:
    target = nginx.evidence.target
    proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
    direct = next(upgrade for upgrade in handshakes.direct if upgrade.status)
    file_edits = _location_edits.websocket_edits(nginx, match, set_host=True)
    return _claim(
        nginx,
        match,
        named_upgrade.path,
        (*handshakes.direct, named_upgrade, *handshakes.front),
        {
            "sent": (
                header_parser.forwarded_host(match, proxy_target, target) if proxy_target else ""
            )
            or "",
            "wanted": target.authority,
            "status": direct.status or "",
            "other_status": named_upgrade.status or "",
            "answer": excerpt(direct.body),
            "message": "",
            "application": _endpoint_text(named_upgrade),
            "visitor": True,
            "value": _location_edits.host_variable(target),
        },
        _location_edits.location_fix(nginx, match, file_edits),
    )


def _claim(
    nginx: Nginx,
    match: LocationMatch,
    path: str,
    because: tuple[Observation, ...],
    facts: dict[str, object],
    fix: Fix,
) -> Claim:
    reported_directive = _host_directive(match)
    return Claim(
        about=Subject(
            port=nginx.evidence.target.port, path=path, text=file_line(reported_directive)
        ),
        because=(*because, *nginx.configs),
        facts={
            "path": path,
            "place": file_line(reported_directive),
            "location": match.block.text,
            "set": proxy_set_header_of(match, "Host") is not None,
            "named": "",
            **facts,
        },
        # If the application accepts another name than the visitor's, nobody can tell whether that
        # is the intended one.
        confidence=Confidence.CERTAIN if facts["visitor"] else Confidence.LIKELY,
        ruled_out=("upstream.refused",),
        location=nginx.location(reported_directive),
        fix=fix,
    )


def _endpoint_text(upgrade: Upgrade) -> str:
    return f"{upgrade.address}:{upgrade.port}" if upgrade.port else upgrade.address


def _host_directive(match: LocationMatch) -> Directive:
    return proxy_set_header_of(match, "Host") or proxy_pass_of(match) or match.block


def _fix(nginx: Nginx, match: LocationMatch, value: str, visitor: bool) -> Fix:
    changes: Changes = {}
    lines = _location_edits.header_lines(nginx, match, {"Host": value}, changes)
    _location_edits.insert_lines(nginx, match, lines, changes)
    base_fix = _location_edits.location_fix(nginx, match, config_edits(nginx, changes))
    return base_fix if visitor else Fix(base_fix.steps, Applicability.REVIEW)
