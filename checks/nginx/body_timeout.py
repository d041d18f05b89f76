"""A pasted message says 408 Request Timeout, and nginx's patience with an upload is known: between
two pieces of a request's body it waits for `client_body_timeout`, 60s by default
(ngx_http_core_module). It logs that at level info, so mostly the affected visitors notice it.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import seconds

#: Seconds. nginx's default, and a patience that mobile networks hardly outlast.
_DEFAULT, _LONG = 60.0, 300.0


@check(severity=Severity.WARNING, needs=[NginxConfig, Exchange])
def body_timeout(evidence: Evidence) -> Iterator[Claim]:
    nginx, symptom = Nginx.of(evidence), evidence.target.symptom
    pages = list(page_exchanges(evidence))
    match = next(iter(nginx.location_matches(evidence.target.path)), None)
    is_told = symptom is not None and symptom.kind == "status" and symptom.number == 408
    if not is_told or not pages or match is None:
        return
    directive = match.directive("client_body_timeout")
    limit = seconds(directive.args[0]) if directive and directive.args else _DEFAULT
    if limit is None or limit >= _LONG:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive or match.block),
        facts={
            "limit": f"{limit:g}s",
            "place": file_line(directive or match.block),
            "set": directive is not None,
        },
        fix=Fix((Manual("wait-longer", Where.SERVER),), Applicability.MANUAL),
    )
