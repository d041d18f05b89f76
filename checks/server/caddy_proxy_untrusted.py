"""nginx ends TLS and passes requests on to Caddy in plain HTTP. Caddy does not trust it, and so
replaces its X-Forwarded-Proto by "http" (Caddy's documentation, "trusted_proxies"). The application
behind Caddy redirects to https for ever, or names the site with http: in its pages, in redirects,
in the address to which a login has to lead back.
"""

from collections.abc import Iterator, Sequence

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.server import ServerView, manual_fix
from checks.server._caddy_trust import PROXY, TRUSTED, trusting_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, merge_subjects
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of
from diagnose.parsers.own_scheme import names_itself_plain
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.urls import is_loopback_host


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, NginxConfig, Exchange],
    explains=[
        "http.redirect-loop",
        "http.mixed-content",
        "http.form-over-http",
        "http.redirect-downgrade",
        "http.login-return-address",
        "http.no-redirect",
        "upstream.forces-https",
        "upstream.scheme-not-passed",
    ],
)
def caddy_proxy_untrusted(evidence: Evidence) -> Iterator[Claim]:
    nginx, view = Nginx.of(evidence), _caddy(evidence)
    loops = [page for page in page_exchanges(evidence) if leads_to_itself(page)]
    answers: Sequence[Exchange | Page] = loops or _plain_pages(evidence)
    match = _location_to(nginx, view) if view else None
    if view is None or match is None or not answers or not evidence.target.uses_tls:
        return
    text = "\n".join(file.text for file in view.config.files) if view.config else ""
    if TRUSTED.search(text) or not PROXY.search(text):
        return
    header = proxy_set_header_of(match, "X-Forwarded-Proto")
    if header is None or header.args[1:] not in {("https",), ("$scheme",)}:
        return
    directive = upstreams.pass_directive_of(match)
    exchanges = [answer for answer in answers if isinstance(answer, Exchange)]
    subjects = endpoint_subjects(exchanges or page_exchanges(evidence))
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*answers, view.server, *([view.config] if view.config else [])),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": answers[0].url,
            "loop": bool(loops),
            "place": file_line(directive) if directive else "",
            "caddyfile": view.config.path if view.config else "",
        },
        fix=trusting_fix(view) or manual_fix(view, "trust"),
    )


def _plain_pages(evidence: Evidence) -> list[Exchange | Page]:
    """Return the pages that name the site itself with http."""
    candidates: tuple[Exchange | Page, ...] = (*page_exchanges(evidence), *evidence.good(Page))
    return [page for page in candidates if names_itself_plain(page, evidence.target.host)]


def _caddy(evidence: Evidence) -> ServerView | None:
    """Return Caddy behind another server: it runs, and does not have the target's port."""
    for server in evidence.good(WebServer):
        if server.product == "caddy" and server.pid and evidence.target.port not in server.ports:
            configs = evidence.good(WebServerConfig)
            config = next((config for config in configs if config.product == "caddy"), None)
            return ServerView(evidence, server, config, None)
    return None


def _location_to(nginx: Nginx, view: ServerView) -> LocationMatch | None:
    """Return nginx's location that passes the page on to Caddy without TLS."""
    target = nginx.evidence.target
    for match in nginx.location_matches(target.path):
        proxy = upstreams.proxy_target_of(match, upstreams.request_variables(target))
        if proxy is None or proxy.secure:
            continue
        if any(
            is_loopback_host(endpoint.host) and endpoint.port in view.server.ports
            for endpoint in proxy.endpoints
        ):
            return match
    return None
