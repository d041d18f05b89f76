"""nginx answers 504, and the application answers the same request, only later: nginx waits less for
it than it needs (ngx_http_proxy_module, "proxy_read_timeout", in seconds unless it ends with ms or
m). The evidence is the application, asked directly.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
from checks.upstream._comparisons import proxied_match
from checks.upstream._gateways import DEFAULT_TIMEOUT, read_timeout_of
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
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxConfig, UpstreamTry


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig],
    explains=["http.server-error", "nginx.other-requests-failed", "upstream.application-log"],
)
def answer_too_late(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    pages = tuple(page for page in page_exchanges(evidence) if page.status == 504)
    match = proxied_match(nginx, path) if pages else None
    limit = read_timeout_of(match, "proxy")
    if match is None or limit.directive is None or limit.patience >= DEFAULT_TIMEOUT:
        return
    late = [
        attempt
        for attempt in evidence.good(UpstreamTry)
        if attempt.asked
        and attempt.status
        and attempt.status < 500
        and attempt.took > limit.patience
    ]
    if not late:
        return
    subjects = endpoint_subjects(pages)
    file_edits = setting_edits(nginx, match, {limit.name: f"{DEFAULT_TIMEOUT}s"})
    fix = (
        location_fix(nginx, match, file_edits, sure=False)
        if file_edits
        else Fix((Manual("wait-longer", Where.SERVER),), Applicability.MANUAL)
    )
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *late, *nginx.configs),
        confidence=Confidence.CERTAIN,
        location=nginx.location(limit.directive),
        facts={
            "url": pages[0].url,
            "directive": limit.text,
            "place": file_line(limit.directive),
            "patience": limit.patience,
            "needed": max(attempt.took for attempt in late),
            "application": late[0].endpoint,
            "status": late[0].status or 0,
        },
        fix=fix,
    )
