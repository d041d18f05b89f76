"""Apache replaces text in pages (`Substitute`, `OutputSed`, `ProxyHTMLURLMap`), and for browsers it
changes nothing: the application compresses its pages, because Apache passes the browser's
Accept-Encoding on, and the filters see compressed bytes (mod_substitute, mod_proxy_html).

A test with curl shows nothing of it: curl asks for no compression. The evidence is a page that a
browser gets compressed, and that the application itself compresses, asked directly. A filter
INFLATE before the replacement is the other remedy, and then this check is silent.
"""

import re
from collections.abc import Iterator

from checks.http._compressed_pages import FIELD, compressed_page
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_sections import lines_for
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import BrowserVisit, header
from diagnose.model.requests import ComparedRequest
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.apache.section_lines import SiteLine

_REPLACES = re.compile(r"\s*(?:Substitute|OutputSed|ProxyHTMLURLMap)\s", re.IGNORECASE)
#: What asks for no compression, or takes it off before the replacement.
_HEEDED = re.compile(
    r"\s*(?:RequestHeader\s+(?:unset|set)\s+\"?Accept-Encoding\b"
    r"|(?:Set|Add)OutputFilter(?:ByType)?\s.{0,200}\bINFLATE\b|FilterProvider\s.{0,200}\bINFLATE\b)",
    re.IGNORECASE,
)


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, BrowserVisit, ComparedRequest],
    explains=[
        "http.base-path-missing", "http.page-file-missing", "http.page-file-type",
        "http.internal-name-in-page", "http.localhost-in-page", "http.mixed-content",
        "http.address-in-page",
    ],
)  # fmt: skip
def apache_substitute_compressed(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.server.product != "apache":
        return
    compressed = compressed_page(evidence)
    if compressed is None:
        return
    visit, answer = compressed
    path = evidence.target.path_without_query
    for site in view.answering_sites:
        lines = list(lines_for(view, site, path))
        filters = [line for line in lines if _REPLACES.match(line.text)]
        if not filters or any(_HEEDED.match(line.text) for line in lines):
            continue
        place = place_text(site.file, filters[0].number)
        yield Claim(
            about=Subject(address=visit.address, port=visit.port, path=evidence.target.path),
            because=(visit, answer, view.server),
            confidence=Confidence.CERTAIN,
            facts={
                **view.facts,
                "url": visit.url,
                "coding": header(visit.headers, "Content-Encoding"),
                "directive": " ".join(filters[0].text.split())[:120],
                "place": place,
            },
            fix=_fix(view, site, filters[0]),
        )
        return


def _fix(view: ServerView, site: WebSite, line: SiteLine) -> Fix:
    """Ask the application for pages without compression, where the replacement stands."""
    edit: Edit | None = None
    if view.config and "headers" in view.config.modules:
        asked = f"{indentation(line.text)}RequestHeader unset {FIELD}"
        edit = line_edit(view, site.file, {line.number: (asked, line.text)})
    if edit is None:
        return manual_fix(view, "ask-for-none")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
