"""nginx answers 504, and the application answers the same request, only later: nginx waits less for
it than it needs (ngx_http_proxy_module, "proxy_read_timeout", in seconds unless it ends with ms or
m). The evidence is the application, asked directly.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
from checks.upstream._comparisons import proxied_match
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
from diagnose.parsers.nginx.config import seconds

_NAME = "proxy_read_timeout"
#: Seconds. What nginx waits by default.
_DEFAULT = 60


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig],
    explains=["http.server-error", "nginx.other-requests-failed", "upstream.application-log"],
)
def answer_too_late(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    pages = tuple(page for page in page_exchanges(evidence) if page.status == 504)
    match = proxied_match(nginx, path) if pages else None
    directive = match.directive(_NAME) if match else None
    patience = seconds(directive.args[0]) if directive and directive.args else None
    if match is None or directive is None or patience is None or patience >= _DEFAULT:
        return
    late = [
        attempt
        for attempt in evidence.good(UpstreamTry)
        if attempt.asked and attempt.status and attempt.status < 500 and attempt.took > patience
    ]
    if not late:
        return
    subjects = endpoint_subjects(pages)
    file_edits = setting_edits(nginx, match, {_NAME: f"{_DEFAULT}s"})
    fix = (
        location_fix(nginx, match, file_edits, sure=False)
        if file_edits
        else Fix((Manual("wait-longer", Where.SERVER),), Applicability.MANUAL)
    )
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *late, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.CERTAIN,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "directive": " ".join((directive.name, *directive.args)),
            "place": file_line(directive),
            "patience": patience,
            "needed": max(attempt.took for attempt in late),
            "application": late[0].endpoint,
            "status": late[0].status or 0,
        },
        fix=fix,
    )
