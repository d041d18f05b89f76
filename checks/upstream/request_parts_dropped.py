"""nginx leaves out a part of the visitors' requests on purpose, and the application needs it: the
login (`proxy_set_header Cookie ""`, `Authorization ""`, `proxy_pass_request_headers off`), the body
of a form (`proxy_pass_request_body off`), or the method (`proxy_method`). ngx_http_proxy_module.
Or it keeps the application's cookies from the visitors (`proxy_hide_header Set-Cookie`).

Such lines belong to a subrequest (auth_request, mirror) or to a cache of public files, and were
copied to the application itself. They are judged by their symptom: the application does not know
who asks, a message says that a field does not arrive, or a page of the site sends a form there.
"""

import re
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
from diagnose.model.symptom import Symptom
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.nginx.withheld_login import switched_off, withholding_directive
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url

Part = Literal["login", "body", "method", "cookies"]

_SENDING = {"POST", "PUT", "PATCH"}
#: Statuses of a message about a form that did not arrive as it was sent.
_REFUSED_FORM = {400, 405, 411, 415, 422}
#: What people say where a session is lost, statuses of a form without its token, and the directives
#: that hide a field of the response.
_OF_SESSION = ("login", "cookie", "csrf")
_REFUSED_TOKEN = {400, 403, 419, 422}
#: What the address of a login has in it.
_LOGIN = re.compile(r"(?i)log-?in|sign[_-]?in|oauth|/auth\b|\bsso\b|authelia|outpost")
_HIDING = ("proxy_hide_header", "fastcgi_hide_header", "uwsgi_hide_header")
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
        "http.redirect-loop", "nginx.other-requests-failed", "upstream.origin-mismatch",
        "upstream.form-not-sent",
        "upstream.own-answer",
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
    is_page = dropped.path == evidence.target.path_without_query
    subject = Subject(port=evidence.target.port, path=dropped.path, text=file_line(directive))
    yield Claim(
        about=subject,
        covers=(Subject(port=evidence.target.port, path=dropped.path),) if is_page else (NO_PORT,),
        because=(*dropped.symptoms, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "url": evidence.target.origin + dropped.path,
            "directive": " ".join((directive.name, *(word or '""' for word in directive.args))),
            "place": file_line(directive),
            **{part: dropped.part == part for part in ("login", "body", "method", "cookies")},
            "told": _is_told(evidence),
        },
        fix=_fix(nginx, directive),
    )


def _dropped(nginx: Nginx) -> Iterator[_Dropped]:
    for path, symptoms in _without_login(nginx.evidence):
        for match in _proxied(nginx, path):
            if directive := withholding_directive(match) or _of_subrequest(nginx, match):
                yield _Dropped("login", directive, path, symptoms)
    for path, symptoms in _sent_forms(nginx.evidence):
        for match in _proxied(nginx, path):
            if directive := _body_directive(match):
                part: Part = "method" if directive.name.endswith("_method") else "body"
                yield _Dropped(part, directive, path, symptoms)
    for path, symptoms in _refused_sessions(nginx.evidence):
        for match in _proxied(nginx, path):
            if directive := _hidden_cookies(match):
                yield _Dropped("cookies", directive, path, symptoms)
            elif directive := withholding_directive(match):
                yield _Dropped("login", directive, path, symptoms)


def _of_subrequest(nginx: Nginx, match: LocationMatch) -> Directive | None:
    """Return the directive that keeps the cookies from the program which says whether a visitor may
    pass (ngx_http_auth_request_module): nobody is known to it. One may look at passwords alone."""
    asked = match.directive("auth_request")
    if asked is None or not asked.args[:1] or not asked.args[0].startswith("/"):
        return None
    for selected in nginx.answering_servers():
        directive = withholding_directive(final_location(selected.server, asked.args[0]))
        if directive is not None and directive.args[:1] != ("Authorization",):
            return directive
    return None


def _refused_sessions(evidence: Evidence) -> Iterator[tuple[str, tuple[Observation, ...]]]:
    """Yield the paths at which the application does not know its own cookies again: a form of its
    page is refused by the log, or a person tells of a login that does not work."""
    symptom = evidence.target.symptom
    if symptom is not None and (symptom.kind in _OF_SESSION or _tells_of_form(symptom)):
        for page in page_exchanges(evidence):
            url = parse_url(page.url)
            if url is not None:
                yield url.path.partition("?")[0], (page,)
    for failure in evidence.good(FailedRequests):
        is_form = failure.is_from_page and failure.method == "POST"
        if is_form and failure.status in _REFUSED_TOKEN:
            yield failure.path, (failure,)


def _tells_of_form(symptom: Symptom) -> bool:
    # Imported late: only a pasted message needs it.
    from diagnose.parsers.reported_forms import tells_of_form

    return tells_of_form(symptom)


def _hidden_cookies(match: LocationMatch) -> Directive | None:
    """Return the directive that keeps the application's cookies from visitors, None if nginx sets
    cookies there itself (ngx_http_proxy_module, proxy_hide_header)."""
    added = (line.args[:1] for line in match.directives("add_header"))
    if any("".join(args).lower() == "set-cookie" for args in added):
        return None
    lines = (line for name in _HIDING for line in match.directives(name))
    return next((line for line in lines if "".join(line.args).lower() == "set-cookie"), None)


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
        to_login = _LOGIN.search(redirect_target(page) or "") is not None
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
            yield target.path_without_query, (page,)
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


def _length_lines(nginx: Nginx, directive: Directive) -> tuple[Directive, ...]:
    """Return the `proxy_set_header Content-Length "";` of the block in which the body is left
    out: without it a form would have a body of no length."""
    if not directive.name.endswith("_request_body"):
        return ()
    # Imported late: only a finding needs it.
    from checks.nginx._repairs import blocks_around

    block = next(iter(reversed(blocks_around(nginx, directive))), None)
    lines = children(block, "proxy_set_header") if block else ()
    return tuple(
        line
        for line in lines
        if line.file == directive.file
        and line.args[1:] == ("",)
        and line.args[0].lower() == "content-length"
    )


def _fix(nginx: Nginx, directive: Directive) -> Fix:
    """Remove the line, and the empty Content-Length that stands beside it in the same guide."""
    file = nginx.file(directive)
    lines = (directive, *_length_lines(nginx, directive))
    changes = [edits.remove_directive(file.text, line) for line in lines] if file else []
    file_edits = config_edits(nginx, {directive.file: changes}) if changes else ()
    if not file_edits:
        return Fix((Manual("remove-the-line", Where.SERVER),), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
