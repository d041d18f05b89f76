"""nginx passes requests on to a name over http (`proxy_pass http://www.example.org/`), and what
serves that name redirects every request to https, as most sites do. nginx rewrites a Location that
begins with the address of proxy_pass (ngx_http_proxy_module, "proxy_redirect"); this one does not.
Visitors are sent to the other name, and leave the site.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import is_related_host, parse_url

_SERVER_NAME = "proxy_ssl_server_name"


@check(severity=Severity.WARNING, needs=[NginxConfig, Exchange])
def redirects_to_its_name(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    for match in nginx.location_matches(target.path):
        proxied = upstreams.proxy_target_of(match, upstreams.request_variables(target))
        if proxied is None or not _is_plain_name(proxied, target.host):
            continue
        pages = tuple(page for page in page_exchanges(evidence) if _leads_to(page, proxied.host))
        if not pages or _is_lost(evidence, pages):
            continue
        yield Claim(
            about=merge_subjects(endpoint_subjects(pages)),
            because=(*pages, *nginx.configs),
            location=nginx.location(proxied.directive),
            confidence=Confidence.LIKELY,
            facts={
                "url": pages[0].url,
                "status": pages[0].status or "",
                "onward": redirect_target(pages[0]) or "",
                "host": proxied.host,
                "directive": f"proxy_pass {proxied.target}",
                "place": file_line(proxied.directive),
            },
            fix=_fix(nginx, match, proxied),
        )
        return


def _is_plain_name(proxied: ProxyTarget, own_host: str) -> bool:
    """Return whether nginx asks a server of another name over http."""
    return (
        proxied.scheme == "http"
        and proxied.group is None
        and "." in proxied.host
        and not is_address(proxied.host)
        and not is_related_host(proxied.host, own_host)
    )


def _leads_to(page: Exchange, host: str) -> bool:
    url = parse_url(redirect_target(page) or "")
    return url is not None and url.secure and url.host == host


def _is_lost(evidence: Evidence, pages: tuple[Exchange, ...]) -> bool:
    """Return whether visitors cannot go there either (http.redirect-wrong-host)."""
    onward = {redirect_target(page) for page in pages}
    return any(
        exchange.url in onward and (exchange.failure or not exchange.verified)
        for exchange in evidence.of(Exchange)
        if exchange.purpose == "redirect"
    )


def _fix(nginx: Nginx, match: LocationMatch, proxied: ProxyTarget) -> Fix:
    """Let nginx ask over https, with the name in the handshake."""
    changes: Changes = {}
    directive = proxied.directive
    if directive.args == (proxied.target,) and not proxied.has_variables:
        secure = f"proxy_pass https://{proxied.target.partition('://')[2]};"
        changes[directive.file] = [edits.replace_directive(directive, secure)]
        if match.directive(_SERVER_NAME) is None:
            _location_edits.insert_lines(nginx, match, [f"{_SERVER_NAME} on;"], changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("ask-over-https", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)
