"""Two virtual hosts of Apache have exactly this name on the same address and port: the first that
is read answers, and the other never does. Apache says nothing about it (core, "An In-Depth
Discussion of Virtual Host Matching").

It is a fault where the first one has no site for visitors: the page of the package, or a page that
it refuses or does not have. Two hosts of one name that answer well may be meant, as a copy that
waits.
"""

from collections.abc import Iterator, Sequence

from checks.server import ServerView, place_text, reload_steps, server_on_port
from checks.server._site_names import without_name
from checks.server._sites_beside import content_of, exact_sites, is_of_a_package
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.http import proxy_page
from diagnose.parsers.stray_pages import is_default_page


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.not-the-site",
        "http.directory-listing",
        "server.own-answer",
        "server.page-missing",
        "server.path-not-handled",
        "server.rule-refuses",
        "server.request-logged",
        "certificate.*",
    ],
)
def apache_name_twice(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "apache" or len(view.answering_sites) != 1:
        return
    first = view.answering_sites[0]
    later = _later_twin(view, first)
    pages = page_exchanges(evidence)
    if later is None or not pages or not all(map(_is_no_site, pages)):
        return
    is_front = target.path_without_query in {"", "/"}
    has_default = any(is_default_page(page.status, page.body) for page in pages)
    if not (is_front or has_default or is_of_a_package(first)):
        # A site need not have every page, and may close some.
        return
    edit = without_name(view, first)
    own = Subject(port=target.port, path=target.path_without_query)
    yield Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(own, Subject(port=target.port), Subject(name=target.host, port=target.port)),
        because=(view.server, *_configs(view), *pages),
        facts={
            **view.facts,
            "first": place_text(first.file, first.line),
            "later": place_text(later.file, later.line),
            "status": pages[0].status or "",
            "default": has_default,
            "invalid": not pages[0].verified,
        },
        # Which of the two is meant, nothing but the page of the first one tells.
        confidence=Confidence.LIKELY,
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else Fix(
            (Manual("choose", Where.SERVER), *reload_steps(view.server)), Applicability.MANUAL
        ),
    )


def _configs(view: ServerView) -> Sequence[WebServerConfig]:
    return (view.config,) if view.config else ()


def _later_twin(view: ServerView, first: WebSite) -> WebSite | None:
    """Return the site that is read later, has exactly the target's name on the same socket, and has
    another folder or application; None if there is none."""
    target, config = view.evidence.target, view.config
    sockets = {(s.address, s.port) for s in first.sockets if s.port == target.port}
    named = exact_sites(config.sites, target.host) if config else ()
    if first not in named:
        return None
    for other in named[named.index(first) + 1 :]:
        is_same = sockets == {(s.address, s.port) for s in other.sockets if s.port == target.port}
        if is_same and content_of(other) != content_of(first):
            return other
    return None


def _is_no_site(page: Exchange) -> bool:
    """Return whether a page is none of a site: the package's, or one that Apache itself refuses."""
    is_refused = page.status in {403, 404} and proxy_page(page.body) != ""
    return is_refused or is_default_page(page.status, page.body)
