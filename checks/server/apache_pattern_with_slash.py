"""A RewriteRule in <Directory> never applies: its pattern begins with a slash, as in a virtual
host. There the folder and its slash are taken off the path before the comparison (mod_rewrite,
"What is matched?").

The rule is named for a path that visitors do not get, and that it would take without the slash, in
the section of the site's own DocumentRoot.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.server import line_edit, line_text, place_text, reload_steps, server_on_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    merge_subjects,
)
from diagnose.model.http import error_pages
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.apache.slashed_rules import slashed_rules

_REFUSED = 403


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=["http.page-file-missing", "server.own-answer", "server.page-missing"],
)
def apache_pattern_with_slash(evidence: Evidence) -> Iterator[Claim]:
    view, path = server_on_port(evidence), evidence.target.path_without_query
    # 403 is that of a folder without its index: what is closed is asked for before a rule counts.
    statuses = {403, 404} if path.endswith("/") else {404}
    pages = [page for page in error_pages(evidence) if page.status in statuses]
    if view is None or view.config is None or view.server.product != "apache" or not pages:
        return
    for site in view.answering_sites[:1]:
        file = view.config.file(site.file)
        for rule in slashed_rules(file.text, site.line, site.end) if file else ():
            if rule.folder.rstrip("/") != site.root.rstrip("/") or not rule.is_for(path):
                continue
            edit = line_edit(view, site.file, {rule.number: (rule.corrected,)})
            subjects = endpoint_subjects(pages)
            yield Claim(
                about=merge_subjects(subjects),
                covers=(*subjects, Subject(port=evidence.target.port, path=path)),
                because=(view.server, view.config, *pages),
                confidence=Confidence.LIKELY
                if rule.conditional or pages[0].status == _REFUSED
                else Confidence.CERTAIN,
                facts={
                    **view.facts,
                    "path": path,
                    "place": place_text(site.file, rule.number),
                    "line": line_text(view, site.file, rule.number).strip(),
                    "folder": rule.folder,
                    "pattern": rule.pattern,
                    "meant": rule.meant,
                },
                fix=Fix(
                    (*([edit] if edit else []), *reload_steps(view.server)), Applicability.REVIEW
                ),
            )
            return
