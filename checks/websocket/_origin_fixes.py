"""Lines of nginx that make an application accept the Origin of the site's pages: Host, the scheme
and the name that the application is told. Each was tried with a changed handshake."""

from dataclasses import replace

from checks.http._forwarded_names import ForwardedName, visitors_name_fix
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._websockets import WebSocketHandshakes
from diagnose.model import Claim
from diagnose.model.http import Upgrade
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of

_SCHEME, _HOST = "X-Forwarded-Proto", "X-Forwarded-Host"


def accepted_when_forwarded(nginx: Nginx, handshakes: WebSocketHandshakes) -> LocationMatch | None:
    """Return the location, if the application accepts the Origin as soon as it is told the
    visitor's scheme."""
    accepted = [upgrade for upgrade in handshakes.forwarded if handshakes.takes(upgrade)]
    matches = nginx.location_matches(accepted[0].path) if accepted else ()
    return next((match for match in matches if proxy_pass_of(match)), None)


def forwarded_place(match: LocationMatch | None) -> str:
    directive = match and (proxy_set_header_of(match, _SCHEME) or proxy_pass_of(match))
    return file_line(directive) if directive else ""


def with_scheme(
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
            *nginx.configs,
        ),
        location=nginx.location(reported_directive),
        fix=_location_edits.location_fix(nginx, match, config_edits(nginx, changes)),
    )


def forwarded_name_of(nginx: Nginx, handshakes: WebSocketHandshakes) -> ForwardedName | None:
    """Return nginx's X-Forwarded-Host, if the application accepts the Origin as soon as it is the
    visitor's host."""
    accepted = [upgrade for upgrade in handshakes.forwarded_host if handshakes.takes(upgrade)]
    matches = nginx.location_matches(accepted[0].path) if accepted else ()
    for match in matches:
        directive = proxy_set_header_of(match, _HOST)
        if directive and proxy_pass_of(match):
            return ForwardedName(_HOST, " ".join(directive.args[1:]), match, directive)
    return None


def with_forwarded_name(
    nginx: Nginx, base_claim: Claim, forwarded_name: ForwardedName, handshakes: WebSocketHandshakes
) -> Claim:
    return replace(
        base_claim,
        because=(
            *base_claim.because,
            *handshakes.direct,
            *handshakes.forwarded_host,
            *nginx.configs,
        ),
        location=nginx.location(forwarded_name.directive),
        fix=visitors_name_fix(nginx, forwarded_name) or base_claim.fix,
    )


def accepted_by_host(
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


def host_facts(nginx: Nginx, match: LocationMatch | None) -> dict[str, object]:
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


def with_host(
    nginx: Nginx, base_claim: Claim, match: LocationMatch, named_upgrades: tuple[Upgrade, ...]
) -> Claim:
    reported_directive = proxy_set_header_of(match, "Host") or proxy_pass_of(match) or match.block
    return replace(
        base_claim,
        because=(*base_claim.because, *named_upgrades, *nginx.configs),
        location=nginx.location(reported_directive),
        fix=_location_edits.location_fix(
            nginx, match, _location_edits.websocket_edits(nginx, match, set_host=True)
        ),
    )
