"""An Alias takes a path of the site, and its folder has no such file: `Alias /icons/` and `Alias
/error/` stand in files that distributions install. Apache maps a path by Alias before it looks into
the site's own folder, whose .htaccess is not read then (mod_alias, "Alias").

The evidence is the site's own folder: it has the file, or a script to which its .htaccess leads all
that is no file. Whether the script has the page is not known.
"""

from collections.abc import Iterator

from checks.server import (
    ServerView,
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
from diagnose.model.web_servers import SiteAlias, WebServer, WebServerConfig
from diagnose.parsers.web_sites import takes


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, SiteFolder, Exchange],
    explains=[
        "http.page-file-missing",
        "server.own-answer",
        "server.page-missing",
        "server.request-logged",
    ],
)
def apache_alias_hides(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    pages = pages_with_status(evidence, 404)
    if view is None or view.server.product != "apache" or not pages:
        return
    path = target.path_without_query
    for folder in evidence.good(SiteFolder)[:1]:
        aliases = {
            next((alias for alias in site.aliases if takes(alias.prefix, path)), None)
            for site in view.answering_sites
        }
        alias = aliases.pop() if len(aliases) == 1 else None
        is_file = folder.hidden.endswith(path)
        # A script would most likely have no page in a picture's place.
        if not is_file and "." in path.rpartition("/")[2]:
            continue
        is_chosen = alias is not None and alias.folder.rstrip("/") == folder.path
        if alias is None or not is_chosen or not folder.hidden or folder.page_exists:
            continue
        yield Claim(
            about=Subject(port=target.port, path=target.path),
            covers=(Subject(port=target.port, path=path),),
            because=(folder, view.server, *pages),
            confidence=Confidence.CERTAIN if is_file else Confidence.LIKELY,
            facts={
                **view.facts,
                "path": path,
                "prefix": alias.prefix,
                "folder": alias.folder,
                "hidden": folder.hidden,
                "is_file": is_file,
                "place": place_text(alias.file, alias.line),
            },
            fix=_fix(view, alias),
        )


def _fix(view: ServerView, alias: SiteAlias) -> Fix:
    text = line_text(view, alias.file, alias.line)
    edit = line_edit(view, alias.file, {alias.line: (f"#{text}",)}) if text else None
    if edit is None:
        return manual_fix(view, "another-prefix")
    # Other pages may want what is in the alias's folder.
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
