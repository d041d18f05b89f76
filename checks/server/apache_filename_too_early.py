"""Rules of a virtual host send the site's own files to the page of the application: their condition
`%{REQUEST_FILENAME} !-f` is written for an .htaccess, and is true for every path in a virtual host,
where no file was looked for yet (mod_rewrite, "RewriteCond"). So scripts and styles come as an HTML
page, or are 404 of the application. The evidence is the file: it is in the site's folder.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.server import ServerView, line_edit, line_text, place_text, reload_steps, server_on_port
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.pages import PageFileResponse
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.apache.early_filenames import EarlyRule, early_rules
from diagnose.parsers.web_sites import serves_files


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, PageFileResponse, SiteFolder],
    explains=[
        "http.page-file-missing", "http.page-file-type", "http.page-for-api",
        "server.application-answers", "server.other-requests-failed", "server.page-missing",
    ],
)  # fmt: skip
def apache_filename_too_early(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    folder = evidence.good(SiteFolder)[0]
    lost = [
        file
        for file in _page_files.refused_files(evidence)
        if file.response.is_html or file.response.status == 404
    ]
    if not folder.page_exists or not any(file.path.endswith(folder.requested) for file in lost):
        return
    for site in view.answering_sites[:1]:
        file = view.config.file(site.file)
        for rule in early_rules(file.text, site.line, site.end) if file else ():
            taken = [
                each for each in lost if rule.takes(each.path) and serves_files(site, each.path)
            ]
            if taken:
                yield _claim(view, site, rule, taken, folder)
                return


def _claim(
    view: ServerView,
    site: WebSite,
    rule: EarlyRule,
    files: list[_page_files.RefusedFile],
    folder: SiteFolder,
) -> Claim:
    port, path = view.evidence.target.port, files[0].path
    changes = {number: (line,) for number, line in rule.corrected.items()}
    edit = line_edit(view, site.file, changes)
    first = min(rule.corrected)
    return Claim(
        about=Subject(port=port, path=path),
        covers=(Subject(port=port), *(Subject(port=port, path=file.path) for file in files)),
        because=(view.server, folder, *(file.response for file in files)),
        severity=_page_files.severity(files[0].page, [file.response.url for file in files]),
        facts={
            **view.facts,
            "path": path,
            "url": files[0].response.url,
            "place": place_text(site.file, first),
            "line": line_text(view, site.file, first).strip(),
            "rule": line_text(view, site.file, rule.number).strip(),
            "target": rule.target,
            "file": f"{folder.path}{folder.requested}",
        },
        fix=Fix((*([edit] if edit else []), *reload_steps(view.server)), Applicability.REVIEW),
    )
