"""PHP-FPM answers in its own words that it does not find the script, or may not run it, behind
Caddy (php_fastcgi; PHP's sapi/fpm/fpm/fpm_main.c: "File not found.", "Access denied."). Caddy sends
it only files that Caddy itself finds, so PHP-FPM sees other files: in another container, below
another root, or its user may not read them."""

from collections.abc import Iterator

from checks.server import place_text, server_view
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig

#: What PHP-FPM itself answers, by the status.
_WORDS = {404: "File not found.", 403: "Access denied."}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["http.answer-says-why", "server.own-answer", "server.page-missing"],
)
def script_not_found(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.server.product != "caddy" or target.port not in view.server.ports:
        return
    pages = [
        page
        for page in page_exchanges(evidence)
        if page.status in _WORDS and _bare(page.body) == _WORDS[page.status]
    ]
    routes = [
        (site, route)
        for site in view.answering_sites
        for route in site.routes
        if route.scheme == "fcgi"
    ]
    if not pages or not routes:
        return
    site, route = routes[0]
    yield Claim(
        about=Subject(port=target.port, path=target.path.partition("?")[0]),
        covers=(Subject(port=target.port),),
        because=(*pages, view.server, *evidence.good(WebServerConfig)),
        facts={
            **view.facts,
            "status": pages[0].status,
            "words": _WORDS[pages[0].status or 404],
            "missing": pages[0].status == 404,
            "application": route.socket or route.target,
            "root": site.root,
            "place": place_text(route.file, route.line),
            "url": pages[0].url,
        },
        fix=Fix((Manual("same-files", Where.SERVER),), Applicability.MANUAL),
    )


def _bare(body: str) -> str:
    """Return a body without blanks, and without the mark of a masked record."""
    return body.strip().removeprefix("*** ")
