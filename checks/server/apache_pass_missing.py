"""Apache rewrites the redirects of an application (ProxyPassReverse) to which no line passes
requests on (ProxyPass), or that line stands in a comment: Apache looks for a file, and visitors get
404, 403, or its default page (mod_proxy, "ProxyPassReverse").

A line for a path that another line, a rule or a handler passes on is no fault, nor is one for a
path that visitors get. A line alone may be left over from an application that is gone: it is
certain only if something listens at its port.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_sections import lines_for
from checks.server._idle_rewrites import idle_rules
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import is_local_host
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.apache.section_lines import SiteLine
from diagnose.parsers.stray_pages import shows_no_site
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import may_take, takes

#: The line in the virtual host, with its path, and in a <Location>, without one; "#" begins a
#: comment.
_LINE = re.compile(
    r"(?i)\s*(?P<comment>#[#\s]{0,20})?ProxyPass(?P<reverse>Reverse)?"
    r"(?:\s+[\"']?(?P<path>/[^\s\"'#]{0,300})[\"']?)?"
    r"\s+[\"']?(?P<url>https?://[\w.:\[\]-]{1,260}(?:/[^\s\"'#]{0,300})?)[\"']?(?P<rest>\s[^#]*)?"
)
_EXCLUDED = re.compile(r"(?i)\s*ProxyPass\s+(?:\S{1,300}\s+)?!")


@frozen
class _Pass:
    """A line that names an application: its own text, whether it is the one that passes requests on
    (in a comment then), its path, its URL, and whether something listens there."""

    number: int
    text: str
    is_pass: bool
    path: str
    url: str
    is_heard: bool


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.client-route-missing",
        "http.not-the-site",
        "http.page-file-missing",
        "http.page-request-failed",
        "server.other-requests-failed",
        "server.own-answer",
        "server.page-missing",
        "server.path-not-handled",
        "websocket.*",
    ],
)
def apache_pass_missing(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    pages, sites = page_exchanges(evidence), view.answering_sites
    is_lost = pages and all(shows_no_site(page.status, page.body) for page in pages)
    if not is_lost or len(sites) != 1 or "proxy" not in view.config.modules:
        return
    path = target.path_without_query
    line = _idle_line(view, sites[0], path)
    if line is None:
        return
    subjects = (Subject(port=target.port, path=target.path), Subject(port=target.port))
    is_sure = line.is_heard and view.config.complete and view.config.loaded is not False
    yield Claim(
        about=subjects[0],
        covers=subjects,
        because=(view.config, view.server, *pages),
        facts={
            **view.facts,
            "path": line.path,
            "target": line.url,
            "place": place_text(sites[0].file, line.number),
            "commented": line.is_pass,
            "status": pages[0].status,
            "heard": line.is_heard,
        },
        confidence=Confidence.CERTAIN if is_sure else Confidence.LIKELY,
        fix=Fix((*_edits(view, sites[0], line), *reload_steps(view.server)), Applicability.REVIEW),
    )


def _idle_line(view: ServerView, site: WebSite, path: str) -> _Pass | None:
    """Return the one line for an application that has the path and gets nothing; None if another
    line takes the path, or may, or lets Apache itself answer it."""
    rows = list(lines_for(view, site, path))
    if any(_EXCLUDED.match(row.text) for row in rows):
        return None
    if any(may_take(route, path) for route in site.routes if route.for_pages is not False):
        return None
    if any(rule.is_proxy and rule.takes(path) for rule in idle_rules(view, site)):
        return None
    # A line in a <Location> would come before the lines outside of it that take longer paths.
    rows = [row for row in rows if row.order == 0 or not site.routes]
    lines = [line for row in rows if (line := _pass(view, row)) and takes(line.path, path)]
    # The line itself, in a comment, says more than its companion.
    comments = [line for line in lines if line.is_pass and line.is_heard]
    chosen = comments or [line for line in lines if not line.is_pass]
    heard = [line for line in chosen if line.is_heard] or chosen
    return heard[0] if len({line.url for line in heard}) == 1 else None


def _pass(view: ServerView, row: SiteLine) -> _Pass | None:
    match = _LINE.fullmatch(row.text)
    url = parse_url(match["url"]) if match else None
    if match is None or url is None or bool(match["comment"]) is bool(match["reverse"]):
        return None
    # In a <Location> the path is the section's, which has the page's path.
    is_section = row.order == 2
    if url.host == view.evidence.target.host or is_section is bool(match["path"]):
        return None
    is_heard = is_local_host(url.host) and any(
        listening.on(url.port) for listening in view.evidence.good(Listeners)
    )
    is_pass = not match["reverse"]
    return _Pass(row.number, row.text, is_pass, match["path"] or "/", match["url"], is_heard)


def _edits(view: ServerView, site: WebSite, line: _Pass) -> tuple[Edit, ...]:
    """Return the edit that takes the line out of its comment, or writes it above its companion."""
    if line.is_pass:
        new: tuple[str, ...] = (indentation(line.text) + line.text.lstrip().lstrip("# \t"),)
    else:
        written = re.sub(r"(?i)\bProxyPassReverse\b", "ProxyPass", line.text, count=1)
        new = (written, line.text)
    edit = line_edit(view, site.file, {line.number: new})
    return (edit,) if edit else ()
