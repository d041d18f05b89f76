"""Lines for the path stand where Apache does not use them for visitors: in a newer file of the site
that no include reads (sites-enabled/shop.conf is a copy of sites-available/shop.conf, which was
edited), or in the virtual host of another port (certbot copies the host of port 80 into
shop-le-ssl.conf; what is added to the first one later does not come there).

A draft that nobody wants to load yet looks the same, so it counts only where visitors do not get
the path. A host that limits who may see it, or that has an address of this machine alone, is closed
on purpose.
"""

import re
from collections.abc import Iterator, Mapping

from checks.http import endpoint_subjects
from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._apache_pass_edits import passed_path_steps
from checks.server._backend_answers import route_to_application
from checks.server._gone_files import site_rows
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    commands,
)
from diagnose.model.addresses import is_loopback, is_private
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.unread_configs import UnreadRoute
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.web_sites import has_name, route_of

#: A line of Apache's that says who may see a part of a site, or that may do so (mod_authz_core,
#: mod_auth_basic, mod_access_compat, "Include").
_LIMIT = re.compile(
    r"(?i)\s*(?:Require\s+(?!all\s+granted\b)|Auth|Deny\s|Allow\s+from\s+(?!all\b)|SSLVerifyClient"
    r"|Include|OIDC|Mellon|Shib)"
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.answer-says-why",
        "http.error-as-page",
        "http.server-error",
        "server.application-answers",
        "server.application-down",
        "server.backend-not-reached",
        "server.other-application",
        "server.own-answer",
        "server.page-missing",
        "server.request-logged",
    ],
)
def edited_site_unused(evidence: Evidence) -> Iterator[Claim]:
    view, pages = server_on_port(evidence), page_exchanges(evidence)
    statuses = {page.status for page in pages}
    if view is None or view.server.product != "apache" or len(view.answering_sites) != 1:
        return
    if len(statuses) != 1 or not pages or not 400 <= (pages[0].status or 0) < 600:
        return
    unread = next(iter(evidence.good(UnreadRoute)), None)
    if unread is not None and unread.request == evidence.target.path_without_query:
        yield _of_file(view, unread, pages)
        return
    if pages[0].status != 404:
        return
    for site in view.config.sites if view.config else ():
        route = _route_of_other_port(view, site)
        if route is not None:
            yield _of_port(view, site, route, pages)
            return


def _of_file(view: ServerView, unread: UnreadRoute, pages: tuple[Exchange, ...]) -> Claim:
    return _claim(
        view,
        pages,
        {
            "file": unread.file,
            "place": place_text(unread.file, unread.line),
            "answer": unread.answer,
            "used": unread.used,
            "used_place": place_text(unread.used, unread.used_line),
            "other_port": "",
            "link": unread.link,
            "replaces": unread.replaces,
        },
        _linked(view, unread),
        unread,
    )


def _linked(view: ServerView, unread: UnreadRoute) -> Fix:
    """Let the file that Apache reads be a link to the edited one, if that has all its sites. The
    old file is kept beside the edited one, where Apache does not read it."""
    if not unread.replaces:
        return manual_fix(view, "one-file")
    steps: tuple[Command, ...] = (commands.relink(unread.file, unread.used),)
    if not unread.link:
        kept = commands.move(unread.used, f"{unread.file}.before-link")
        steps = (kept, commands.link(unread.file, unread.used))
    return Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)


def _route_of_other_port(view: ServerView, site: WebSite) -> SiteRoute | None:
    """Return the route by which the host of another port passes the path on, if it is for this part
    of the paths alone and the host that answers has no such route."""
    target = view.evidence.target
    path, used = target.path_without_query, view.answering_sites[0]
    if site.listens_on(target.port) or not has_name(site, target.host):
        return None
    if not has_name(used, target.host) or _is_closed(view, site, used):
        return None
    route, own = route_of(site, path, False), route_to_application(view, path)
    if route is None or not route.host or route.path == "/" or route.pattern:
        return None
    if path.startswith("/.well-known/"):
        return None  # an authority asks on port 80
    is_rest = own is None or own.path == "/"
    is_there = any(each.path.rstrip("/") == route.path.rstrip("/") for each in used.routes)
    is_same = own is not None and (own.host, own.port) == (route.host, route.port)
    return route if is_rest and not is_same and not is_there else None


def _is_closed(view: ServerView, site: WebSite, used: WebSite) -> bool:
    """Return whether a host may be closed to visitors of the one that answers: by its address, or
    by a line of its own, or of a file that it includes."""
    addresses = {socket.address for socket in site.sockets} - {s.address for s in used.sockets}
    if any(is_loopback(each) or is_private(each) for each in addresses if is_address(each)):
        return True
    rows = site_rows(view, site)
    return not rows or any(map(_LIMIT.match, rows))


def _of_port(
    view: ServerView, site: WebSite, route: SiteRoute, pages: tuple[Exchange, ...]
) -> Claim:
    used = view.answering_sites[0]
    steps = passed_path_steps(view, route, route.path, route.backend_path, site=used)
    fix = manual_fix(view, "write-it-there")
    if steps:
        fix = Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)
    facts = {
        "file": route.file or site.file,
        "place": place_text(route.file or site.file, route.line or site.line),
        "answer": route.target,
        "used": used.file,
        "used_place": place_text(used.file, used.line),
        "other_port": site.sockets[0].port if site.sockets else "",
        "link": False,
        "replaces": False,
    }
    return _claim(view, pages, facts, fix)


def _claim(
    view: ServerView,
    pages: tuple[Exchange, ...],
    facts: Mapping[str, object],
    fix: Fix,
    unread: UnreadRoute | None = None,
) -> Claim:
    target = view.evidence.target
    config = (view.config,) if view.config else ()
    return Claim(
        about=Subject(port=target.port, path=target.path),
        covers=endpoint_subjects(pages),
        because=(*pages, *((unread,) if unread else ()), view.server, *config),
        # A draft, or a host of another purpose, looks the same.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "path": target.path_without_query,
            "status": pages[0].status or "",
            **facts,
        },
        fix=fix,
    )
