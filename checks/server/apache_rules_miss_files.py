"""The rule of an .htaccess that leads what is no file to the script of an application passes over
such a path, or takes the site's own files: its engine is off (mod_rewrite, "RewriteEngine"), the
"!" before `-f` is missing, two tests are alternatives ([OR]), or no condition asks for files
("RewriteCond"). So the front page works, and other pages are 404 of Apache, or scripts and styles
come as an HTML page. The evidence is the folder: the script is there, and whether the file is.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.server import ServerView, pages_with_status, place_text, server_on_port
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFileResponse
from diagnose.model.site_folders import FolderRules, SiteFolder
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.apache.front_rules import FaultyRule, faulty_rule
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.edits import diff
from diagnose.parsers.server_request import ServerRequest


@frozen
class _Request:
    """What visitors asked for: its path and URL, and the observations of it."""

    path: str
    url: str
    because: tuple[Exchange | PageFileResponse, ...]


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, SiteFolder, FolderRules],
    explains=[
        "http.page-file-missing", "http.page-file-type", "http.page-for-api",
        "server.application-answers", "server.other-requests-failed", "server.own-answer",
        "server.page-missing", "server.request-logged",
    ],
)  # fmt: skip
def apache_rules_miss_files(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    is_read = any(site.reads_htaccess for site in view.answering_sites)
    if not is_read or (view.config.modules and "rewrite" not in view.config.modules):
        return
    for folder, rules in zip(
        evidence.good(SiteFolder)[:1], evidence.good(FolderRules)[:1], strict=False
    ):
        request = _request(evidence, folder)
        if request is None or not rules.script_exists:
            return
        target = evidence.target
        asked = ServerRequest(request.path, host=target.host, port=target.port, tls=target.uses_tls)
        own = rules.file
        faulty = faulty_rule(own.text, own.path, rules.folder, asked, folder.page_exists)
        if faulty is not None:
            yield _claim(view, folder, rules, request, faulty)


def _request(evidence: Evidence, folder: SiteFolder) -> _Request | None:
    """Return the request that the folder was looked at for: the page, which Apache itself answers
    with 404, or a file of the page that is there and did not come."""
    own = evidence.target.path_without_query
    if not folder.page_exists:
        pages = pages_with_status(evidence, 404)
        is_apaches = all(proxy_page(page.body) for page in pages)
        if not pages or not is_apaches or not own.endswith(folder.requested):
            return None
        return _Request(own, pages[0].url, tuple(pages))
    for file in _page_files.refused_files(evidence):
        is_lost = file.response.is_html or file.response.status == 404
        if is_lost and file.path == folder.requested:
            return _Request(file.path, file.response.url, (file.response,))
    return None


def _claim(
    view: ServerView, folder: SiteFolder, rules: FolderRules, request: _Request, faulty: FaultyRule
) -> Claim:
    port, own = (
        view.evidence.target.port,
        Subject(port=view.evidence.target.port, path=request.path),
    )
    rows = rules.file.text.split("\n")
    return Claim(
        about=own,
        covers=(own, Subject(port=port)),
        because=(folder, rules, view.server, *request.because),
        confidence=Confidence.CERTAIN if folder.page_exists else Confidence.LIKELY,
        severity=Severity.ERROR if folder.page_exists else None,
        facts={
            **view.facts,
            "url": request.url,
            "path": request.path,
            "htaccess": rules.file.path,
            "place": place_text(rules.file.path, faulty.line),
            "line": rows[faulty.line - 1].strip(),
            "rule": rows[faulty.rule.line - 1].strip(),
            "rule_place": place_text(rules.file.path, faulty.rule.line),
            "script": rules.own_script,
            "taken": folder.page_exists,
            faulty.fault: True,
        },
        fix=_fix(rules, faulty),
    )


def _fix(rules: FolderRules, faulty: FaultyRule) -> Fix:
    """An .htaccess counts at once. Who wrote the rules may have switched them off on purpose."""
    text = rules.file.text
    lines = [
        new
        for number, row in enumerate(text.split("\n"), 1)
        for new in faulty.corrected.get(number, (row,))
    ]
    edit = Edit(rules.file.path, diff(rules.file.path, text, "\n".join(lines)))
    return Fix((edit,), Applicability.REVIEW)
