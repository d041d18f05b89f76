"""Apache or Caddy wrote into its log why it refused or failed this run's request: a rule of a web
application firewall (ModSecurity), or a message that no other check knows. The line is quoted, with
an explanation where its number is known."""

import re
from collections.abc import Iterator

from checks.server import ServerView, manual_fix, reload_steps, server_view
from checks.server._apache_links import forbids_links
from checks.server._apache_overrides import section_edit
from checks.server._backend_answers import refused_websockets
from checks.server._missing_scripts import script_is_nowhere
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import WebServer

#: Messages that the page explains, by Apache's number.
_KNOWN = {
    "AH01276": "no_index", "AH00037": "symlink", "AH00032": "symlink", "AH02032": "no_sni",
    "AH01071": "php",
    "AH10244": "bad_path", "AH00898": "cut", "AH01102": "cut", "AH01617": "password",
    "AH01618": "password", "AH00128": "no_file", "AH00127": "no_file", "AH01079": "gateway",
    "AH00957": "gateway", "AH00669": "no_proxy", "AH00670": "no_links",
}  # fmt: skip
#: The link that may not be followed.
_LINK = re.compile(r"AH00037: [^:\n]{1,80}: (/\S{1,500})")
#: Of these Apache answers 502 or 503 itself: a page with another status is another request.
_OF_ITS_OWN = {"cut", "gateway"}
#: Of these a refusal may be meant.
_MEANT = {"no_index", "no_file", "password", ""}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, ServerRequestError],
    explains=[
        "http.page-file-missing",
        "server.own-answer", "server.application-answers", "http.server-error",
        "http.answer-says-why", "websocket.not-upgraded", "websocket.unauthorized",
        "websocket.no-location",
    ],
)  # fmt: skip
def request_logged(evidence: Evidence) -> Iterator[Claim]:
    view, reasons = server_view(evidence), {"firewall", "logged"}
    errors = [
        server_request_error
        for server_request_error in evidence.good(ServerRequestError)
        if server_request_error.reason in reasons
    ]
    answers = _answers(evidence)
    if errors and _KNOWN.get(errors[0].code) in _OF_ITS_OWN:
        answers = [answer for answer in answers if (answer.status or 0) >= 500]
    if view is None or not errors or not answers or errors[0].product != view.server.product:
        return
    yield _claim(view, errors[0], answers)


def _answers(evidence: Evidence) -> list[Exchange | Upgrade]:
    target = evidence.target
    pages = [
        page
        for page in evidence.good(Exchange)
        if page.is_page_of(target) and (page.status or 0) >= 400
    ]
    sockets = [
        refused_websocket
        for path in target.websockets
        for refused_websocket in refused_websockets(evidence, path)
    ]
    return [*pages, *(socket for socket in sockets if (socket.status or 0) >= 400)]


def _claim(view: ServerView, error: ServerRequestError, answers: list[Exchange | Upgrade]) -> Claim:
    port, status = view.evidence.target.port, answers[0].status or 0
    first = answers[0]
    path = first.path if isinstance(first, Upgrade) else view.evidence.target.path
    kind = "firewall" if error.reason == "firewall" else _KNOWN.get(error.code, "")
    subject = Subject(port=port, path=path.partition("?")[0])
    fix = _fix(view, kind, error)
    return Claim(
        about=subject,
        covers=(subject, Subject(port=port)),
        because=(error, view.server, *answers),
        confidence=Confidence.CERTAIN if kind in {"firewall", "no_links"} else Confidence.LIKELY,
        severity=Severity.NOTE
        if kind == "php" and status == 404 and script_is_nowhere(view.evidence)
        else _severity(kind, status, error.message),
        facts={
            **view.facts,
            "path": subject.path,
            "status": status,
            "message": error.message,
            "log": error.log,
            "command": error.equivalent,
            "rule": error.rule,
            "file": error.file,
            "opened": kind == "symlink" and fix.applicability is Applicability.REVIEW,
            **dict.fromkeys(("firewall", *_KNOWN.values()), False),
            **({kind: True} if kind else {}),
        },
        fix=fix,
    )


def _severity(kind: str, status: int, message: str) -> Severity:
    # PHP-FPM does not see the script that Apache names; rules of an .htaccess count nowhere.
    if status >= 500 or "Primary script unknown" in message or kind == "no_links":
        return Severity.ERROR
    return Severity.NOTE if kind in _MEANT else Severity.WARNING


def _fix(view: ServerView, kind: str, error: ServerRequestError) -> Fix:
    if kind == "firewall":
        return manual_fix(view, "except-the-rule")
    # The same words stand in the log where the link's target may not be read.
    match = _LINK.search(error.message)
    link = match[1] if match else ""
    is_option = kind == "no_links" or (bool(link) and forbids_links(view, link.rpartition("/")[0]))
    site = view.sites_at_target[0] if is_option and len(view.sites_at_target) == 1 else None
    if site is not None and link and not link.startswith(f"{site.root.rstrip('/')}/"):
        site = None  # the link is in a folder of an alias
    edit = section_edit(view, site, site.root, "Options +FollowSymLinks") if site else None
    if edit is not None:
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    return Fix((Manual("read-the-line", Where.SERVER),), Applicability.MANUAL)
