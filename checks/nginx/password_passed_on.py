"""nginx asks visitors for a password (ngx_http_auth_basic_module), and passes the field
Authorization on with it. The application takes it for a login of its own (Grafana, Jenkins, Kibana,
a registry), and refuses everybody who gave the right password.

The control is the application, asked directly: it answers a request without the field, refuses the
same with one, and answers again without it. Where both know the same users all is well; so somebody
has to report it.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.upstream._comparisons import proxied_match
from checks.upstream._login_control import is_reported_refusal, login_control
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
from diagnose.model.backends import BackendLogin
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of

_FIELD = "Authorization"


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, BackendLogin],
    explains=["nginx.own-answer", "nginx.password-twice"],
)
def password_passed_on(evidence: Evidence) -> Iterator[Claim]:
    nginx, control = Nginx.of(evidence), login_control(evidence.good(BackendLogin))
    pages = [
        page
        for page in page_exchanges(evidence)
        if page.status == 401 and proxy_page(page.body).lower() == "nginx"
    ]
    if control is None or not pages or not is_reported_refusal(evidence, control[1]):
        return
    match = proxied_match(nginx, evidence.target.path)
    asking = match.directive("auth_basic") if match else None
    if match is None or asking is None or asking.args[:1] in {(), ("off",)}:
        return
    if proxy_set_header_of(match, _FIELD):
        return  # the application gets another password, or none
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *control, *nginx.configs),
        # The application may know the same users, and refuse this one for another reason.
        confidence=Confidence.LIKELY,
        location=nginx.location(asking),
        facts={
            "url": pages[0].url,
            "place": file_line(asking),
            "directive": asking.text,
            "target": control[0].target,
            "status": control[1].status or "",
            "plain_status": control[0].status or "",
            "words": excerpt(control[1].body, 110),
            "location": file_line(match.block),
        },
        fix=_fix(nginx, match),
    )


def _fix(nginx: Nginx, match: LocationMatch) -> Fix:
    """Pass no password on: nginx has read it, and still asks for it."""
    changes = Changes()
    lines = _location_edits.header_lines(nginx, match, {_FIELD: '""'}, changes)
    _location_edits.insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("keep-the-field", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)
