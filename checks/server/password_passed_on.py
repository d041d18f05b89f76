"""Apache, Caddy or HAProxy asks visitors for a password (RFC 7617), and passes the field
Authorization on with it. The application takes it for a login of its own, and refuses the request
of everybody who gave the right password.

The control is the application, asked directly: it answers a request without the field, refuses the
same with one, and answers again without it. Where both know the same users all is well; so a
visitor must have been refused (access log), or somebody reports it.
"""

import re
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
from checks.server._apache_modules import loading_steps
from checks.upstream._login_control import is_reported_refusal, login_control
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
from diagnose.model.backends import BackendLogin
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.logs import RefusedLogin
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from diagnose.parsers.html_tags import excerpt

#: The line by which each server asks for a password, and the userlist of HAProxy's.
_ASKS = {
    "apache": re.compile(r"(?i)\s*AuthType\s+\"?Basic\"?\s*$"),
    "caddy": re.compile(
        r"\s*basic_?auth(?:\s+(?P<matcher>[/*@][^\s{]*))?(?:\s+[^\s{]+){0,2}\s*\{\s*$"
    ),
    "haproxy": re.compile(r"\s*http-request\s+auth\b.*"),
}
#: A line by which the field is taken away, or replaced by the application's own password.
_REMOVES = re.compile(
    r"(?i)\s*(?:RequestHeader\s+(?:early\s+)?(?:unset|set)\s+\"?Authorization\b"
    r"|(?:header_up|request_header(?:\s+[/*@]\S*)?)\s+[-+]?Authorization\b"
    r"|http-request\s+(?:del|set|replace)-header\s+Authorization\b)"
)
_USERLIST = re.compile(r"\bhttp_auth(?:_group)?\(([\w.-]+)\)")


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, BackendLogin],
    explains=["server.own-answer", "server.other-requests-failed", "server.rule-refuses"],
)
def password_passed_on(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    control = login_control(evidence.good(BackendLogin))
    if view is None or control is None or view.server.product not in _ASKS:
        return
    path, status = control[0].requested, control[1].status
    own = target.path_without_query
    url = target.url if path == own else target.origin + path
    challenges = [
        page for page in evidence.good(Exchange) if page.url == url and page.asks_for_password
    ]
    refused = [
        login
        for login in evidence.good(RefusedLogin)
        if (login.path, login.status) == (path, status)
    ]
    if not challenges or not (
        refused or (path == own and is_reported_refusal(evidence, control[1]))
    ):
        return
    if any(_REMOVES.match(line) for file in _files(view) for line in file_rows(view, file)):
        # The log is older than that line, or it is for another path.
        return
    line = _asking_line(view)
    about = Subject(port=target.port, path=path)
    yield Claim(
        about=about,
        covers=(about,),
        because=(*refused, *challenges[:1], *control, view.server),
        # The application may know the same users, and refuse this one for another reason.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": url,
            "path": path,
            "target": control[0].target,
            "status": status or "",
            "plain_status": control[0].status or "",
            "words": excerpt(control[1].body, 110),
            "place": place_text(line.file, line.number) if line else "",
            "times": sum(login.times for login in refused),
            "log": refused[0].file if refused else "",
            view.server.product: True,
        },
        fix=_fix(view, line),
    )


def _files(view: ServerView) -> tuple[ServerFile, ...]:
    return view.config.files if view.config else ()


@frozen
class AskingLine:
    """The line by which a server asks for a password."""

    file: str
    number: int
    match: re.Match[str]


def _asking_line(view: ServerView) -> AskingLine | None:
    """Return the only such line of the site's file; None if there are several, or none."""
    pattern, sites = _ASKS[view.server.product], view.answering_sites
    lines = [
        AskingLine(file.path, number, match)
        for file in _files(view)
        for number, text in enumerate(file_rows(view, file), 1)
        if (match := pattern.match(text))
        # HAProxy may ask in the backend, of which the frontend's lines know nothing.
        if view.server.product == "haproxy"
        or any(site.file == file.path and site.line <= number <= site.end for site in sites)
    ]
    return lines[0] if len(lines) == 1 else None


def _fix(view: ServerView, line: AskingLine | None) -> Fix:
    """Take the field away where the server has read it: behind the line that asks."""
    step = f"{view.server.product}-removes-the-field"
    if line is None or not (own := line_text(view, line.file, line.number)):
        return manual_fix(view, step)
    margin = indentation(own)
    number, added = line.number, _added(view, line)
    if view.server.product == "caddy":
        number = _end_of_block(view, line)
        own = line_text(view, line.file, number)
    edit = line_edit(view, line.file, {number: (own, f"{margin}{added}")}) if added else None
    if edit is None:
        return manual_fix(view, step)
    loading = loading_steps(view, ("headers",))
    if loading is None:
        return manual_fix(view, step)
    return Fix((*loading, edit, *reload_steps(view.server)), Applicability.REVIEW)


def _added(view: ServerView, line: AskingLine) -> str:
    """Return the line that takes the field away; "" if it cannot be known."""
    if view.server.product == "apache":
        return "RequestHeader unset Authorization"
    if view.server.product == "caddy":
        # Caddy evaluates it after basic_auth (Caddyfile, "Directive order").
        words = ("request_header", line.match["matcher"] or "", "-Authorization")
        return " ".join(filter(None, words)) if _end_of_block(view, line) else ""
    names = {name for file in _files(view) for name in _USERLIST.findall(file.text)}
    # What the userlist does not know may be the application's own.
    return (
        f"http-request del-header Authorization if {{ http_auth({names.pop()}) }}"
        if len(names) == 1
        else ""
    )


def _end_of_block(view: ServerView, line: AskingLine) -> int:
    """Return the number of the line that ends a block without blocks in it, 0 if none does."""
    for number in range(line.number + 1, line.number + 200):
        text = line_text(view, line.file, number).strip()
        if text == "}":
            return number
        if text.endswith("{"):
            return 0
    return 0
