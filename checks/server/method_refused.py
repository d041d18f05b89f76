"""A server refuses the method of the request that a message is about. Apache: <Limit> or
<LimitExcept> (core) has lines for other methods, or a RewriteCond asks for the method. HAProxy and
Caddy: a rule whose condition or matcher is about it. The page itself, which this run asked for with
GET, comes."""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.http import endpoint_subjects
from checks.server import (
    ServerView,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._agent_refusals import gets_the_page
from checks.server._method_refusals import MethodRefusal, caddy_refusal, haproxy_refusal
from checks.server._reported_requests import plain_request, refusing_rule
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.http import page_exchanges
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.refused_methods import refused_method

#: Methods as messages write them. In small letters they are words of a sentence.
_METHOD = re.compile(r"\b(DELETE|PUT|PATCH|POST|OPTIONS)\b")
_LIMIT = re.compile(r"(?i)(\s*<Limit(?:Except)?\s)([A-Z \t]{1,200}?)\s*>\s*")
_END = re.compile(r"(?i)\s*</(?:Directory|Location|Files|VirtualHost)")
#: Maximum number of lines of a section that are read.
_MAX_LINES = 60


@check(severity=Severity.WARNING, needs=[WebServer, WebServerConfig], needs_message=True)
def method_refused(evidence: Evidence) -> Iterator[Claim]:
    view, symptom = server_on_port(evidence), evidence.target.symptom
    named = _METHOD.search(symptom.text[:2000]) if symptom else None
    if view is None or symptom is None or named is None or not gets_the_page(view):
        return
    method_told = refused_method(symptom.text) if symptom.number is None else ""
    method = method_told or named[1]
    refusal = _refusal(view, method)
    # A method that a person asks about is refused with this status; others are an application's.
    is_status = refusal and re.search(rf"\b{refusal.status}\b", symptom.text[:2000])
    if refusal is None or not (is_status or method_told):
        return
    pages = page_exchanges(evidence)
    step = refusal.edit or Manual("rule", Where.SERVER)
    load = () if refusal.file.endswith("/.htaccess") else reload_steps(view.server)
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=subjects[0],
        covers=subjects,
        because=(view.server, *pages),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url,
            "method": method,
            "status": refusal.status,
            "rule": refusal.rule,
            "place": place_text(refusal.file, refusal.line),
            "limit": view.server.product == "apache",
        },
        fix=Fix((step, *load), Applicability.REVIEW if refusal.edit else Applicability.MANUAL),
    )


def _refusal(view: ServerView, method: str) -> MethodRefusal | None:
    match view.server.product:
        case "apache":
            request = plain_request(view)
            told_request = replace(request, method=method) if request else None
            rule = refusing_rule(view, request, told_request) if request and told_request else None
            if rule is None:
                return None
            edit = _with_method(view, rule, method)
            return MethodRefusal(rule.rule, rule.status, rule.file, rule.line, edit)
        case "haproxy":
            return haproxy_refusal(view, method)
        case "caddy":
            return caddy_refusal(view, method)
    return None


def _with_method(view: ServerView, rule: AnsweringRule, method: str) -> Edit | None:
    """Return the edit that adds the method to the lists of the section: <Limit> says who may use
    it, and <LimitExcept> does not refuse it."""
    changes: dict[int, tuple[str, ...]] = {}
    for step in (-1, 1):
        number = rule.line
        for _ in range(_MAX_LINES):
            text = line_text(view, rule.file, number)
            is_end = re.match(r"(?i)\s*<(?:Directory|Location|Files|VirtualHost)", text)
            if number < 1 or is_end or _END.match(text):
                break
            limit = _LIMIT.fullmatch(text[:400])
            if limit and method not in limit[2].upper().split():
                changes[number] = (f"{limit[1]}{limit[2].strip()} {method}>",)
            number += step
    has_exception = any("except" in lines[0].lower() for lines in changes.values())
    return line_edit(view, rule.file, changes) if has_exception else None
