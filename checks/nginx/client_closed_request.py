"""Clients close the connection before a request is answered: 499 in nginx's access log ("client has
closed connection", ngx_http_request.h), and no later request of the kind that was answered.

nginx's own limits answer 504. So somebody in front waited less than the application needs: a
script, an app, a balancer. Persons who leave a page do it too, so that it is a note.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._failed_requests import current_failures
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
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.failed_requests import CLIENT_CLOSED
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Requests of one kind from which on they are no accident.
_OFTEN = 3


@check(severity=Severity.NOTE, needs=[FailedRequests, NginxConfig])
def client_closed_request(evidence: Evidence) -> Iterator[Claim]:
    nginx, symptom = Nginx.of(evidence), evidence.target.symptom
    is_told = symptom is not None and symptom.number == CLIENT_CLOSED
    for failure in current_failures(evidence, {CLIENT_CLOSED}):
        match = next(iter(nginx.location_matches(failure.path)), None)
        passing = pass_directive_of(match) if match else None
        if passing is None or (failure.times < _OFTEN and not is_told):
            continue
        yield Claim(
            about=Subject(port=evidence.target.port, path=failure.path),
            because=(failure, *nginx.configs),
            confidence=Confidence.CERTAIN,
            location=nginx.location(passing),
            facts={
                "method": failure.method,
                "url": evidence.target.origin + failure.path,
                "times": failure.times,
                "last": failure.written,
                "log": failure.file,
                "place": file_line(passing),
                "application": passing.args[0],
                "proxy": passing.name == "proxy_pass",
            },
            fix=Fix((Manual("see-how-long", Where.SERVER),), Applicability.MANUAL),
        )
