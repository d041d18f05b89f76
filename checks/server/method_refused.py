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
from diagnose.model.other_requests import failed_answers
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.described_requests import described_request
from diagnose.parsers.refused_methods import refused_method
from diagnose.parsers.told_requests import ToldRequest

#: Methods as messages write them. In small letters they are words of a sentence.
_METHOD = re.compile(r"\b(DELETE|PUT|PATCH|POST|OPTIONS)\b")
#: The method of this run's own request.
_OWN = "GET"


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    needs_message=True,
    explains=["http.request-part-refused", "server.form-refused"],
)
def method_refused(evidence: Evidence) -> Iterator[Claim]:
    view, symptom = server_on_port(evidence), evidence.target.symptom
    told = _told(symptom.text) if symptom else None
    if view is None or symptom is None or told is None or not gets_the_page(view):
        return
    method_told = refused_method(symptom.text) if symptom.number is None else ""
    method = method_told or told.method
    # A line of an access log has the request itself, which may be of another path.
    own_path = view.evidence.target.path
    is_told = bool(told.path) and (bool(told.status) or own_path == "/")
    path = told.path if is_told else own_path
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
        because=(view.server, *pages, *failed_answers(view.evidence)),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": f"{evidence.target.origin}{path}" if is_told else pages[0].url,
            "method": method,
            "status": refusal.status,
            "rule": refusal.rule,
            "place": place_text(refusal.file, refusal.line),
            "limit": view.server.product == "apache",
        },
        fix=Fix((step, *load), Applicability.REVIEW if refusal.edit else Applicability.MANUAL),
    )


def _told(text: str) -> ToldRequest | None:
    """Return the request of a message with another method than this run's, None for none."""
    told = described_request(text)
    if told is not None and told.method not in {"", _OWN}:
        return told
    named = _METHOD.search(text[:2000])
    return ToldRequest(named[1], "") if named and (told is None or not told.method) else None
