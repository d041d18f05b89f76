"""A server refuses the method of the request that a message is about. Apache: <Limit> or
<LimitExcept> (core) has lines for other methods, or a RewriteCond asks for the method. HAProxy and
Caddy: a rule whose condition or matcher is about it. The page itself, which this run asked for with
GET, comes."""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.server import place_text, reload_steps, server_on_port
from checks.server._agent_refusals import gets_the_page
from checks.server._method_refusals import method_refusal
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
from diagnose.model.http import page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.refused_methods import refused_method
from diagnose.parsers.told_requests import told_request

#: Methods as messages write them. In small letters they are words of a sentence.
_METHOD = re.compile(r"\b(DELETE|PUT|PATCH|POST|OPTIONS)\b")


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    needs_message=True,
    explains=["server.form-refused"],
)
def method_refused(evidence: Evidence) -> Iterator[Claim]:
    view, symptom = server_on_port(evidence), evidence.target.symptom
    named = _METHOD.search(symptom.text[:2000]) if symptom else None
    if view is None or symptom is None or named is None or not gets_the_page(view):
        return
    method_told = refused_method(symptom.text) if symptom.number is None else ""
    method = method_told or named[1]
    told = told_request(symptom.text)
    # A line of an access log has the request itself, which may be of another path.
    path = told.path if told and told.method == method else view.evidence.target.path
    refusal = method_refusal(view, (method,), path)
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
        covers=(*subjects, Subject(port=evidence.target.port)),
        because=(view.server, *pages),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url if told is None else f"{evidence.target.origin}{path}",
            "method": method,
            "status": refusal.status,
            "rule": refusal.rule,
            "place": place_text(refusal.file, refusal.line),
            "limit": view.server.product == "apache",
        },
        fix=Fix((step, *load), Applicability.REVIEW if refusal.edit else Applicability.MANUAL),
    )
