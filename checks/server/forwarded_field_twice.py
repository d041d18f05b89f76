"""A program refuses a request in which a field of proxies stands twice. HAProxy's `option
forwardfor` or `add-header`, Apache's `RequestHeader add` or Caddy's `header_up +` adds a line of
its own beside the one that it got from the proxy in front (HAProxy's Configuration Manual, "option
forwardfor").

Home Assistant answers 400 to two of X-Forwarded-For ("Too many headers for X-Forwarded-For"), and
two of X-Forwarded-Proto are "https, https" for Django and others. The evidence is the program
itself, asked with the field once and twice.
"""

import re
from collections.abc import Iterator

from checks.http import _fronts, addresses
from checks.http._known_application import known_application
from checks.nginx import Nginx
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
)
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
from diagnose.model.backends import RepeatedFieldTrial
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.repeated_fields import AddingLine, adding_lines

_FORWARDED_FOR = "x-forwarded-for"
#: The word by which a line adds a field.
_ADDS = re.compile(r"(?i)\badd-header\b|\badd\b(?=\s+[\"']?x-forwarded)")
_CONDITION = re.compile(r"\s(?:if|unless)\s")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, RepeatedFieldTrial],
    explains=[
        "http.page-refused", "http.redirect-loop", "http.redirect-downgrade", "nginx.own-answer",
        "server.application-answers", "server.own-answer", "upstream.own-answer",
        "upstream.proxy-not-trusted", "server.request-refused",
    ],
)  # fmt: skip
def forwarded_field_twice(evidence: Evidence) -> Iterator[Claim]:
    pages = page_exchanges(evidence)
    for trial in evidence.good(RepeatedFieldTrial):
        refused = [page for page in pages if _is_same(page, trial)]
        view = _view(evidence, trial)
        if not trial.is_decisive or not refused or view is None or view.config is None:
            continue
        lines = adding_lines(view.config, trial.port, evidence.target.host)
        own = [line for line in lines if line.name.lower() == trial.name.lower()]
        front, is_sure = _front(evidence, trial, own)
        if not own or not front:
            continue
        line = own[-1]
        edit = _edit(view, line, is_alone=len(own) == 1)
        application = known_application(evidence)
        yield Claim(
            about=Subject(port=evidence.target.port, path=evidence.target.path),
            covers=(Subject(port=evidence.target.port), Subject(port=80)),
            because=(trial, view.server, *refused),
            confidence=Confidence.CERTAIN if is_sure else Confidence.LIKELY,
            facts={
                **view.facts,
                "url": refused[0].url,
                "status": refused[0].status or "",
                "field": trial.name,
                "front": front,
                "itself": front == view.server.title,
                "place": place_text(line.file, line.number),
                "line": line.text.strip(),
                "application": application.name if application else trial.target,
                "once": trial.once,
                "haproxy": view.server.product == "haproxy",
                "option": line.text.split()[:1] == ["option"],
            },
            fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
            if edit
            else manual_fix(view, "once"),
        )
        return


def _is_same(page: Exchange, trial: RepeatedFieldTrial) -> bool:
    """Return whether visitors get what the program answers to the field twice."""
    return page.status == trial.twice and ((page.status or 0) >= 400 or leads_to_itself(page))


def _view(evidence: Evidence, trial: RepeatedFieldTrial) -> ServerView | None:
    """Return the view of the proxy that has the trial's port."""
    for server in evidence.good(WebServer):
        for config in evidence.good(WebServerConfig):
            if trial.port in server.ports and config.product == server.product:
                return ServerView(evidence, server, config, None)
    return None


def _front(
    evidence: Evidence, trial: RepeatedFieldTrial, lines: list[AddingLine]
) -> tuple[str, bool]:
    """Return who sends the field before the proxy adds its own, and whether that was read in a
    configuration; "" if nobody is known to."""
    port = evidence.target.port
    if len(lines) > 1:
        titles = (
            web_server.title
            for web_server in evidence.good(WebServer)
            if trial.port in web_server.ports
        )
        return next(titles, ""), True
    if trial.port == port:
        fronts = _fronts.fronts(evidence, addresses(page_exchanges(evidence)))
        return (_fronts.product_name(fronts, ()) or "a proxy", False) if fronts else ("", False)
    nginx = Nginx.of(evidence)
    for match in nginx.location_matches(evidence.target.path_without_query):
        if proxy_pass_of(match):
            field = proxy_set_header_of(match, trial.name)
            is_sent = field is not None and len(field.args) > 1 and bool(field.args[1])
            return ("nginx", True) if is_sent else ("", False)
    servers = (
        web_server.title for web_server in evidence.good(WebServer) if port in web_server.ports
    )
    return next(servers, ""), False


def _edit(view: ServerView, line: AddingLine, is_alone: bool) -> Edit | None:
    """Return the edit of the line, so that the field is sent once. Where only this machine reaches
    the proxy, the first one's value counts; else both addresses are joined in one line, so that
    nobody is believed more than before."""
    if not is_alone:
        return line_edit(view, line.file, {line.number: ()})
    if "#" in line.text:
        return None
    match view.server.product:
        case "haproxy":
            rows = _rows_of_haproxy(line)
        case "apache":
            rows = (_ADDS.sub("set" if line.is_tls else "setifempty", line.text),)
        case _:
            # Caddy sends the fields itself, with what a proxy that it trusts says.
            rows = ()
    if rows is None:
        return None
    changes = {line.number: rows}
    for number in line.others:
        text = line_text(view, line.file, number).rstrip()
        if not line.is_local or not text or "#" in text:
            return None
        changes[number] = (f"{text} if-none",)
    return line_edit(view, line.file, changes)


def _rows_of_haproxy(line: AddingLine) -> tuple[str, ...] | None:
    """Return the lines in the place of one of HAProxy's, None if a person has to write them: rules
    stand in no section of defaults without a name."""
    indent, text = indentation(line.text), line.text.rstrip()
    has_one = f"{{ req.hdr({line.name}) -m found }}"
    if not _ADDS.search(text):
        if line.is_local:
            return (f"{text} if-none",)
        joined = f'"%[req.fhdr({line.name})], %[src]"'
        rule = f"{indent}http-request set-header {line.name}"
        rows = (f"{rule} {joined} if {has_one}", f"{rule} %[src] unless {has_one}")
        return None if line.is_inherited else rows
    if line.name.lower() == _FORWARDED_FOR and not line.is_local:
        return None
    text = _ADDS.sub("set-header", text)
    if line.is_tls and not line.is_local:
        return (text,)
    return None if _CONDITION.search(text) else (f"{text} unless {has_one}",)
