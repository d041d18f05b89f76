"""nginx passes the page on to itself: the address in proxy_pass is its own, and the request that
arrives there selects the same location again. The request goes round until nginx runs out of
connections or the growing X-Forwarded-For does not fit into its buffers: 500, 502, 504 or 400.

Or the request arrives at the site's block for port 80, which redirects it to the URL that the
visitor has already, as to every visitor: the browser gives up after twenty redirects. Without the
visitor's name in the Host field, the redirect leads to the name in proxy_pass (https://localhost/).

It happens where proxy_pass names the site's own public name in place of the application's address.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http._fronts import looping_exchanges
from checks.http._redirects import NginxRedirect, find_redirect_in
from checks.nginx import Nginx, file_line
from checks.upstream import CONSEQUENCES
from checks.upstream._listening import listening_facts, only_program_fix
from checks.upstream._own_sockets import own_attempts, server_behind
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Evidence,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, UpstreamTry, Interface],
    explains=[
        *CONSEQUENCES,
        "http.redirect-loop",
        "http.redirect-wrong-host",
        "upstream.ipv6-localhost",
        "upstream.closed-early",
        "upstream.forces-https",
        "upstream.header-too-big",
        "upstream.plain-to-tls",
        "upstream.request-header-too-large",
        "upstream.timeout",
    ],
)
def proxied_to_itself(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    loops = looping_exchanges(evidence)
    answers = page_exchanges(evidence)
    failed = [answer for answer in answers if answer.failure or (answer.status or 0) >= 300]
    is_error = any(answer.failure or (answer.status or 0) >= 400 for answer in failed)
    for match in nginx.location_matches(target.path) if failed else ():
        variables = upstreams.route_variables(target, match, target.path)
        proxy_target = upstreams.proxy_target_of(match, variables)
        if proxy_target is None:
            continue
        host = proxy_headers.forwarded_host(match, proxy_target, target) or ""
        redirects = [
            answer
            for answer in failed
            if answer in loops or (_leads_to(answer, host) and host != target.host)
            # A cookie that comes back may end the loop.
            if answer.header("Set-Cookie") is None
        ]
        for attempt in own_attempts(nginx, proxy_target) if host else ():
            server = server_behind(nginx, host, attempt)
            # A block on another port is there to be passed on to.
            if server and attempt.port == 80:
                redirect = _own_redirect(server, match, redirects, host)
            else:
                redirect = None
            returns = server and is_error and _returns(nginx, server, match, proxy_target)
            if redirect or returns:
                is_loop = failed[0] in loops
                yield _claim(nginx, match, proxy_target, attempt, failed, redirect, is_loop)
                break


def _leads_to(answer: Exchange, host: str) -> bool:
    url = parse_url(redirect_target(answer) or "")
    return url is not None and url.secure and url.host == host.partition(":")[0]


def _returns(nginx: Nginx, server: Server, match: LocationMatch, proxy_target: ProxyTarget) -> bool:
    """Return whether the request selects this location again."""
    path = upstreams.requested_path(match, proxy_target, nginx.evidence.target.path)
    return final_location(server, path).block is match.block


def _own_redirect(
    server: Server, match: LocationMatch, answers: list[Exchange], host: str
) -> NginxRedirect | None:
    """Return the block's redirect to https that visitors get, if this block has asked for it.

    Another block that looks at the scheme first is meant to be passed on to: there the scheme is
    what is wrong (http.redirect-loop).
    """
    url = parse_url(answers[0].url) if answers else None
    if url is None:
        return None
    as_asked = replace(answers[0], url=f"http://{host}{url.path}", port=80)
    redirect = find_redirect_in(server, as_asked)
    if redirect is None:
        return None
    condition = redirect.location_match.block
    by_scheme = condition.name == "if" and any("scheme" in arg for arg in condition.args)
    return redirect if not by_scheme or server.block in match.blocks else None


def _claim(
    nginx: Nginx,
    match: LocationMatch,
    proxy_target: ProxyTarget,
    attempt: UpstreamTry,
    failed: list[Exchange],
    redirect: NginxRedirect | None,
    is_loop: bool,
) -> Claim:
    target, directive = nginx.evidence.target, proxy_target.directive
    return Claim(
        about=Subject(port=target.port, path=target.path, text=file_line(directive)),
        covers=(Subject(port=target.port), Subject(text=proxy_target.target), Subject()),
        because=(attempt, *failed, *nginx.configs),
        facts={
            "path": target.path,
            "place": file_line(directive),
            "location": match.block.text,
            "target": proxy_target.target,
            "endpoint": attempt.endpoint,
            "status": failed[0].status or "",
            "loop": redirect is not None and is_loop,
            "redirect": file_line(redirect.directive) if redirect else "",
            **listening_facts(nginx.evidence),
        },
        location=nginx.location(directive),
        fix=only_program_fix(nginx, proxy_target, "name-the-application"),
    )
