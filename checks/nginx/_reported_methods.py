"""The method of the request that a message is about, where the run itself asked for a page: pages
are fetched by GET, forms are sent by POST. And the program that it is about."""

import re
from typing import TYPE_CHECKING

from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from diagnose.parsers.refused_methods import refused_method
from diagnose.parsers.told_requests import told_request

if TYPE_CHECKING:
    from checks.nginx._answering_rules import BrowserRule

#: Methods as they are written in messages. The words "post" and "delete" are prose.
_NAMED = re.compile(r"\b(POST|PUT|PATCH|DELETE)\b")
_NOT_ALLOWED = 405


def reported_method(evidence: Evidence, page: Exchange) -> str:
    """Return the method that a message with 403 or 405 is about, or one without a status that says
    so of a method; "" without such a message, and where the page itself gets this status: then it
    is not the method.

    An interface may have nothing for GET: it tells so (405), or the message names the method.
    """
    symptom = evidence.target.symptom
    if symptom is not None and (method := _logged_method(symptom, page)):
        return method
    if symptom is not None and symptom.number is None:
        is_answered = page.method in {"GET", "HEAD"} and 0 < (page.status or 0) < 400
        return refused_method(symptom.text) if is_answered else ""
    is_status = symptom is not None and symptom.kind == "status"
    if symptom is None or not is_status or symptom.number not in {403, _NOT_ALLOWED}:
        return ""
    if page.method not in {"GET", "HEAD"} or page.status in {None, symptom.number}:
        return ""
    named = _NAMED.search(symptom.text)
    status = page.status or 0
    is_other = status < 400 or status == _NOT_ALLOWED or (named is not None and status != 403)
    return (named[1] if named else "POST") if is_other else ""


def _logged_method(symptom: Symptom, page: Exchange) -> str:
    """Return the method of a line of an access log that has another status than this run's GET."""
    told = told_request(symptom.text)
    is_other = told is not None and told.status >= 400 and page.status not in {None, told.status}
    is_sent = told is not None and told.method == page.method
    return told.method if told and is_other and not is_sent else ""


def refused_methods(evidence: Evidence) -> tuple[str, ...]:
    """Return the methods that a message names, and those of the requests with 403 or 405 in the
    log, in the order of the alphabet."""
    symptom = evidence.target.symptom
    named = _NAMED.findall(symptom.text[:2000]) if symptom else []
    logged = [
        failure.method
        for failure in evidence.good(FailedRequests)
        if failure.status in {403, _NOT_ALLOWED} and _NAMED.fullmatch(failure.method)
    ]
    return tuple(sorted({*named, *logged}))


def reported_rule(nginx: Nginx) -> "BrowserRule | None":
    """Return the rule that refuses the program of a message; a healthy run has no message."""
    if nginx.evidence.target.symptom is None:
        return None
    from checks.nginx._reported_programs import reported_program

    return reported_program(nginx)
