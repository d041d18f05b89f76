"""The rule of nginx that refuses the request of a message for its Referer, the version of HTTP, the
language or another header field, and not the same request without it (ngx_http_rewrite_module,
"if"; ngx_http_referer_module)."""

from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._answering_rules import BROWSER, own_request, refusal
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._referer_edits import with_host
from checks.nginx._rule_edits import choice
from checks.nginx._rule_facts import OF_RESPONSE, kind_of, rule_facts
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.other_requests import failed_answers
from diagnose.parsers.described_requests import described_request
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.edits import remove_directive
from diagnose.parsers.program_agents import is_answer
from diagnose.parsers.told_requests import ToldRequest
from diagnose.parsers.urls import parse_url, path_of

_USUAL_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def told_rule_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about the request of a message that a rule surely refuses, and not a
    browser's request for the same address."""
    symptom = nginx.evidence.target.symptom
    told = described_request(symptom.text) if symptom else None
    pages = [page for page in page_exchanges(nginx.evidence) if 0 < (page.status or 0) < 400]
    if symptom is None or told is None or not pages:
        return None
    plain, request = _requests(nginx, pages[0], told)
    for selected in nginx.answering_servers() if request != plain else ():
        rule = refusal(selected.server, request)
        if rule is None or refusal(selected.server, plain) or not is_answer(symptom, rule[2]):
            continue
        return _claim(nginx, pages[0], request, rule)
    return None


def _requests(
    nginx: Nginx, page: Exchange, told: ToldRequest
) -> tuple[ClientRequest, ClientRequest]:
    """Return a browser's request for the address of a message, and the one that the message tells
    of. Methods that change something are judged elsewhere."""
    path = told.path if told.path and nginx.evidence.target.path == "/" else path_of(page.url)
    plain = replace(own_request(nginx.evidence, page, path, BROWSER), method="GET")
    named = {name: value for name, value in told.fields if name != "host"}
    if told.referer:
        named["referer"] = told.referer
    fields = tuple({**dict(plain.fields), **named}.items())
    version = told.version if told.version == "1.0" else ""
    method = told.method if told.method in _USUAL_METHODS else "GET"
    return plain, replace(plain, fields=fields, version=version, method=method)


def _claim(
    nginx: Nginx, page: Exchange, request: ClientRequest, rule: tuple[Directive, Directive, int]
) -> Claim:
    directive, condition, status = rule
    kind = kind_of(condition)
    sent = {
        "referer": dict(request.fields).get("referer", ""),
        "method": request.method,
        "protocol": f"HTTP/{request.version}",
    }.get(kind, "")
    step = choice(nginx, condition, kind, sent)
    if typed := _typed(nginx, condition, kind, sent):
        step = Manual("change-the-rule", Where.SERVER, commands=typed)
    target = nginx.evidence.target
    subject = Subject(port=target.port, path=target.path)
    return Claim(
        about=subject,
        covers=(subject,),
        because=(
            page,
            *failed_answers(nginx.evidence),
            *((nginx.config,) if nginx.config else ()),
        ),
        confidence=Confidence.LIKELY,
        severity=Severity.WARNING,
        location=nginx.location(directive),
        facts={
            "url": target.origin + request.path,
            "status": status,
            "logged": False,
            "browsers": (),
            **rule_facts(nginx, directive, condition),
            "sent": sent,
            "wanted": _wanted(kind, sent),
            "sender": "",
            **dict.fromkeys(OF_RESPONSE, False),
            "typed": len(step.commands) > 0,
        },
        fix=Fix((step,), Applicability.MANUAL),
    )


def _typed(nginx: Nginx, condition: Directive, kind: str, sent: str) -> tuple[Command | Edit, ...]:
    """Return what lets the request pass: the page's host in the list of referers, or no rule about
    the version of HTTP."""
    if kind == "referer":
        url = parse_url(sent)
        return with_host(nginx, condition, url.host) if url else ()
    file = nginx.file(condition)
    is_of_field = not kind and "$http_" in condition.text
    if (kind == "protocol" or is_of_field) and file is not None:
        change = remove_directive(file.text, condition)
        return chosen_edits(nginx, config_edits(nginx, {condition.file: [change]}))
    return ()


def _wanted(kind: str, sent: str) -> str:
    """Return what the list of a rule lacks: a method, or the host of a page."""
    url = parse_url(sent) if kind == "referer" else None
    return url.host if url else sent if kind == "method" else ""
