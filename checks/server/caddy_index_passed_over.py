"""Caddy's `php_fastcgi` takes the requests of folders too: it tries the path, index.php in it, and
then the site's own index.php, and never an index.html (Caddyfile, "php_fastcgi", expanded form:
`try_files {path} {path}/index.php index.php`). So the program of the site answers 404 for a folder
of pages, while `file_server` would serve it.
"""

from collections.abc import Iterator

from checks.server import (
    indentation,
    line_edit,
    line_text,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig

_INDEX = "index.html"
#: A folder, but not the site's own, with an index.html and no index.php.
_LINES = (
    "@folders_of_pages {",
    "\tpath */",
    "\tnot path /",
    "\tfile {path}index.html",
    "\tnot file {path}index.php",
    "}",
    "rewrite @folders_of_pages {path}index.html",
)


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, SiteFolder, Exchange],
    explains=["server.page-missing", "server.own-answer", "server.application-answers"],
)
def caddy_index_passed_over(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    pages = pages_with_status(evidence, 404)
    if view is None or view.server.product != "caddy" or not pages:
        return
    routes = [
        route
        for site in view.answering_sites
        for route in site.routes
        if route.scheme == "fcgi"
        and line_text(view, route.file, route.line).split()[:1] == ["php_fastcgi"]
    ]
    for folder in evidence.good(SiteFolder)[:1]:
        is_folder = folder.page_exists and folder.requested.endswith("/")
        has_page = _INDEX in folder.index_files and "index.php" not in folder.index_files
        if not routes or not is_folder or not has_page or folder.requested == "/":
            return
        own = Subject(port=target.port, path=target.path_without_query)
        yield Claim(
            about=own,
            covers=(own,),
            because=(folder, view.server, *pages),
            # The program may answer 404 for it on purpose.
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                "url": pages[0].url,
                "file": f"{folder.path.rstrip('/')}{folder.requested}{_INDEX}",
                "place": place_text(routes[0].file, routes[0].line),
                "path": folder.requested,
            },
            fix=_fix(evidence, routes),
        )


def _fix(evidence: Evidence, routes: list[SiteRoute]) -> Fix:
    view = server_on_port(evidence)
    assert view is not None
    route, line = routes[0], line_text(view, routes[0].file, routes[0].line)
    indent = indentation(line)
    new = (*(f"{indent}{text}" for text in _LINES), line)
    edit = line_edit(view, route.file, {route.line: new}) if len(routes) == 1 else None
    if edit is None:
        return manual_fix(view, "rewrite")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
