"""Caddy answers 404 for a folder whose only index file is a script of PHP: its site has no
`php_fastcgi`, and `file_server` looks for index.html and index.txt alone (Caddyfile,
"file_server", "index"). The script itself would be sent as a file, with its source.
"""

from collections.abc import Iterator

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._caddy_lines import own_lines
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.web_sites import may_take

_SCRIPT = "index.php"
#: What `file_server` gives for a folder.
_PAGES = {"index.html", "index.txt"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, SiteFolder, Exchange],
    explains=["http.page-file-missing", "server.own-answer", "server.page-missing"],
)
def caddy_php_missing(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    # Caddy's own error has no body.
    pages = [page for page in pages_with_status(evidence, 404) if not page.body]
    folder = next(iter(evidence.good(SiteFolder)), None)
    if view is None or view.server.product != "caddy" or folder is None or not pages:
        return
    is_script = _SCRIPT in folder.index_files and not _PAGES & set(folder.index_files)
    sites, own = view.answering_sites, folder.path.rstrip("/")
    is_own = len(sites) == 1 and sites[0].root.rstrip("/") == own
    if is_own and any(_may_answer(route, target.path) for route in sites[0].routes):
        return
    if not is_script or not is_own or not folder.requested.endswith("/"):
        return
    # Imported late: few pages are PHP's source.
    from checks.http._php_handler import php_address

    address = php_address(evidence)
    edit = _edit(view, address) if address else None
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port, path=target.path),),
        because=(folder, view.server, *pages),
        facts={
            **view.facts,
            "folder": folder.path,
            "address": address,
            "place": place_text(sites[0].file, sites[0].line),
        },
        confidence=Confidence.LIKELY,
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "run-php"),
    )


def _may_answer(route: SiteRoute, path: str) -> bool:
    # A route without a target is that of the files.
    is_application = bool(route.target) and may_take(route, path.partition("?")[0])
    return route.scheme == "fcgi" or is_application


def _edit(view: ServerView, address: str) -> Edit | None:
    """Return the edit that passes the scripts on, above the one `file_server` of the site."""
    lines = [
        line
        for line in own_lines(view)
        if len(line.heads) == 1 and line.text.split() == ["file_server"]
    ]
    if len(lines) != 1:
        return None
    added = f"{indentation(lines[0].text)}php_fastcgi {address}"
    return line_edit(view, lines[0].file, {lines[0].number: (added, lines[0].text)})
