"""upstream.origin-compared: when it fires, and when it is silent."""

from dataclasses import fields, replace

from diagnose.model import Claim, Edit, Severity
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import ComparedRequest, LoggedComparison
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.origin-compared"
TEXT = SITE.replace("        proxy_set_header Host $host;\n", "")
PATH = "/api/sessions/7"
DELETED = FailedRequests(
    file="/var/log/nginx/access.log", method="DELETE", path=PATH, status=404,
    written="24/Nov/2026:12:00:00 +0000", is_from_page=True,
)  # fmt: skip
WRONG = compared(404)
NAME = "shop.example.com"
RIGHT = compared(200, "field", "Host", "replaced", original="127.0.0.1:3000", value=NAME)


def as_logged(request: ComparedRequest) -> LoggedComparison:
    values = {field.name: getattr(request, field.name) for field in fields(request)}
    return LoggedComparison(**{**values, "path": PATH})


def claims(*observations: ComparedRequest) -> list[Claim]:
    made = [as_logged(request) for request in controlled(*observations)]
    return judge(CHECK, config(TEXT), BUILD, RUNNING, page(200), DELETED, *made, masked=False)


def test_fires_and_passes_the_host_on() -> None:
    """Issue 56 of jupyter/help, on nginx."""
    (claim,) = claims(WRONG, RIGHT)
    assert claim.severity in {None, Severity.WARNING}
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+        proxy_set_header Host $" in claim.fix.steps[0].diff


def test_silent_where_another_name_or_field_decides() -> None:
    assert not claims(WRONG, replace(RIGHT, value="localhost"))
    assert not claims(WRONG, replace(RIGHT, name="X-Forwarded-Proto", value="https"))
    assert not claims(WRONG, replace(RIGHT, status=404))
