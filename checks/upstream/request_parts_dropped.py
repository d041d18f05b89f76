"""nginx leaves out a part of the visitors' requests on purpose, and the application needs it: the
login (`proxy_set_header Cookie ""`, `Authorization ""`, `proxy_pass_request_headers off`), the body
of a form (`proxy_pass_request_body off`), or the method (`proxy_method`). ngx_http_proxy_module.

Such lines belong to a subrequest (auth_request, mirror) or to a cache of public files, and were
copied to the application itself. They are judged by their symptom: the application does not know
who asks, a message says that a field does not arrive, or a page of the site sends a form there.
"""

from collections.abc import Iterator
from typing import Literal

from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import Page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.nginx.withheld_login import switched_off, withholding_directive
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url

Part = Literal["login", "body", "method"]

_SENDING = {"POST", "PUT", "PATCH"}
#: Statuses of a message about a form that did not arrive as it was sent.
_REFUSED_FORM = {400, 405, 411, 415, 422}
#: The status of an application that does not know who asks. A storage answers 403 for its root.
_UNKNOWN_PERSON = 401


@frozen
class _Dropped:
    part: Part
    directive: Directive
    path: str
    symptoms: tuple[Observation, ...]


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.redirect-loop", "nginx.other-requests-failed", "upstream.own-answer",
        "upstream.application-log",
    ],
)  # fmt: skip
def request_parts_dropped(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if nginx.is_refused:
        return
    dropped = next(_dropped(nginx), None)
    if dropped is None:
        return
    directive = dropped.directive
    is_page = dropped.path == evidence.target.path.partition("?")[0]
    subject = Subject(port=evidence.target.port, path=dropped.path, text=file_line(directive))
    yield Claim(
        about=subject,
        covers=(Subject(port=evidence.target.port, path=dropped.path),) if is_page else (NO_PORT,),
        because=(*dropped.symptoms, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "url": evidence.target.origin + dropped.path,
            "directive": " ".join((directive.name, *(word or '""' for word in directive.args))),
            "place": file_line(directive),
            **{part: dropped.part == part for part in ("login", "body", "method")},
            "told": _is_told(evidence),
        },
        fix=_fix(nginx, directive),
    )


def _dropped(nginx: Nginx) -> Iterator[_Dropped]:
    for path, symptoms in _without_login(nginx.evidence):
        for match in _proxied(nginx, path):
            if directive := withholding_directive(match):
                yield _Dropped("login", directive, path, symptoms)
    for path, symptoms in _sent_forms(nginx.evidence):
        for match in _proxied(nginx, path):
            if directive := _body_directive(match):
                part: Part = "method" if directive.name.endswith("_method") else "body"
                yield _Dropped(part, directive, path, symptoms)


def _proxied(nginx: Nginx, path: str) -> Iterator[LocationMatch]:
    for selected in nginx.answering_servers():
        match = final_location(selected.server, path)
        passing = pass_directive_of(match)
        if passing is not None and passing.name in {"proxy_pass", "fastcgi_pass", "uwsgi_pass"}:
            yield match


def _without_login(evidence: Evidence) -> Iterator[tuple[str, tuple[Observation, ...]]]:
    """Yield the paths at which the application does not know who asks: the page, or what pages of
    the site ask for by nginx's access log. A message may say so of the page."""
    is_told = _is_told(evidence)
    for page in page_exchanges(evidence):
        url = parse_url(page.url)
        to_login = "login" in (redirect_target(page) or "").lower()
        if url is not None and (page.status == _UNKNOWN_PERSON or to_login or is_told):
            yield url.path.partition("?")[0], (page,)
    for failure in evidence.good(FailedRequests):
        if failure.is_from_page and failure.status == _UNKNOWN_PERSON:
            yield failure.path, (failure,)


def _is_told(evidence: Evidence) -> bool:
    symptom = evidence.target.symptom
    return symptom is not None and symptom.kind == "request-field"


def _sent_forms(evidence: Evidence) -> Iterator[tuple[str, tuple[Observation, ...]]]:
    """Yield the paths to which pages of the site send something."""
    target, symptom = evidence.target, evidence.target.symptom
    is_told = symptom is not None and symptom.number in _REFUSED_FORM
    for page in page_exchanges(evidence):
        if page.method in _SENDING or is_told:
            yield target.path.partition("?")[0], (page,)
    for shown in evidence.good(Page):
        for form in shown.posts:
            url = parse_url(form) if is_own_origin(target, form) else None
            if url is not None:
                yield url.path.partition("?")[0], (shown,)
    for failure in evidence.good(FailedRequests):
        if failure.is_from_page and failure.method in _SENDING:
            yield failure.path, (failure,)


def _body_directive(match: LocationMatch) -> Directive | None:
    method = match.directive("proxy_method")
    if method and method.args and method.args[0].upper() in {"GET", "HEAD"}:
        return method if children(match.block, "proxy_pass") else None
    return switched_off(match, "pass_request_body")


def _fix(nginx: Nginx, directive: Directive) -> Fix:
    """Remove the line. Others of its guide may go with it, as an empty Content-Length."""
    file = nginx.file(directive)
    change = edits.remove_directive(file.text, directive) if file else None
    file_edits = config_edits(nginx, {directive.file: [change]}) if change else ()
    if not file_edits:
        return Fix((Manual("remove-the-line", Where.SERVER),), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
