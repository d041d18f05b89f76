"""nginx asks for a password (ngx_http_auth_basic_module), and the page's scripts send a token of
their own in the same field: `Authorization: Bearer …`. A request has one such field (RFC 9110
section 11.6.2), so that the token takes the password's place, and nginx answers 401. Strapi,
Directus, Grafana and most interfaces with JSON Web Tokens send one.

The evidence is the access log: a browser that had just sent a user has none in a request of the
page, and is refused where nginx wants one. Whether the field held a token is not in the log.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._failed_requests import current_failures, request_facts
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
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.locations import LocationMatch


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, FailedRequests],
    explains=["nginx.other-requests-failed", "nginx.own-answer", "nginx.rule-refuses"],
)
def token_refused(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused: dict[int, list[tuple[FailedRequests, Directive]]] = {}
    for failure in current_failures(evidence, {401}):
        match = next(iter(nginx.location_matches(failure.path)), None)
        asking = _password_line(match) if match else None
        if failure.lost_user and asking is not None:
            refused.setdefault(id(asking), []).append((failure, asking))
    for group in refused.values():
        failures, asking = [failure for failure, _ in group], group[0][1]
        first = failures[0]
        subjects = tuple(
            Subject(port=evidence.target.port, path=failure.path) for failure in failures
        )
        yield Claim(
            about=subjects[0],
            covers=subjects,
            because=(*failures, *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(asking),
            facts={
                **request_facts(evidence, first, None),
                "times": sum(failure.times for failure in failures),
                "others": tuple(f"{failure.method} {failure.path}" for failure in failures[1:]),
                "directive": " ".join((asking.name, *asking.args)),
                "place": file_line(asking),
            },
            fix=Fix((Manual("one-field-one-login", Where.SERVER),), Applicability.MANUAL),
        )


def _password_line(match: LocationMatch) -> Directive | None:
    """Return the `auth_basic` by which nginx surely asks every visitor for a password here."""
    asking, satisfy = match.directive("auth_basic"), match.directive("satisfy")
    if asking is None or not asking.args or asking.args[0] == "off" or "$" in asking.args[0]:
        return None
    return None if satisfy is not None and satisfy.args[:1] == ("any",) else asking
