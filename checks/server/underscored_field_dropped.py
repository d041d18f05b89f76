"""Apache leaves a field of the visitor out because of its name, where a CGI or FastCGI program
such as PHP-FPM answers: "Headers containing invalid characters (including underscores) are now
silently dropped" (httpd, "Environment Variables in Apache"). Programs behind ProxyPass with http
get it.

The evidence is a person's words, who names the field, and that no line of the site gives the
program a variable for it. Where the words tell of a status, this run got the same.
"""

from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._cgi_sites import has_cgi_programs
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.underscored_fields import field_lost


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    needs_message=True,
    explains=["server.own-answer", "server.login-withheld", "server.authorization-not-passed"],
)
def underscored_field_dropped(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "apache" or not view.answering_sites:
        return
    name, pages = field_lost(target.symptom) if target.symptom else "", page_exchanges(evidence)
    site = view.answering_sites[0]
    if not name or not pages or not has_cgi_programs(view, site, target.path):
        return
    status = target.symptom.number if target.symptom else None
    if (status is not None and pages[0].status != status) or _is_passed(view, name):
        return
    own = Subject(port=target.port, path=target.path_without_query)
    yield Claim(
        about=own,
        covers=(own, Subject(port=target.port)),
        because=(pages[0], view.server, *([view.config] if view.config else [])),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url,
            "status": pages[0].status or "",
            "name": name,
            "variable": _variable(name),
            "hyphened": name.replace("_", "-"),
            "place": place_text(site.file, site.line),
        },
        fix=_fix(view, site, name),
    )


def _variable(name: str) -> str:
    """Return the name of the variable of CGI (RFC 3875 section 4.1.18)."""
    return f"HTTP_{name.upper()}"


def _is_passed(view: ServerView, name: str) -> bool:
    """Return whether a line names the field or its variable."""
    files = view.config.files if view.config else ()
    rows = (row.lower() for file in files for row in file_rows(view, file))
    return any(name.lower() in row for row in rows if not row.lstrip().startswith("#"))


def _fix(view: ServerView, site: WebSite, name: str) -> Fix:
    """Give the program the variable. In the virtual host it is there after an internal redirect as
    well; without the field nothing is set."""
    end = line_text(view, site.file, site.end)
    if not end.strip().lower().startswith("</virtualhost>"):
        return manual_fix(view, "pass")
    added = f'{indentation(end)}    SetEnvIf ^{name}$ "^(.+)$" {_variable(name)}=$1'
    edit = line_edit(view, site.file, {site.end: (added, end)})
    if edit is None:
        return manual_fix(view, "pass")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
