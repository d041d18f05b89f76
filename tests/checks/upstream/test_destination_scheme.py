"""upstream.destination-scheme: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Vantage
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import logged

CHECK = "upstream.destination-scheme"
MOVE = FailedRequests(
    vantage=Vantage.SERVER,
    file="/var/log/nginx/access.log",
    method="MOVE",
    path="/a.txt",
    status=502,
    written="28/Nov/2026:21:48:25 +0000",
    times=3,
)


def claims(text: str = SITE, failure: FailedRequests = MOVE) -> list[Claim]:
    return judge(CHECK, RUNNING, config(text), failure, masked=False)


def test_fires_on_a_refused_move() -> None:
    (claim,) = claims()
    assert (claim.facts["method"], claim.facts["status"]) == ("MOVE", 502)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header Destination $plain_destination;" in edit.diff
    assert "+map $http_destination $plain_destination {" in edit.diff.replace("+    ", "+")
    assert "Host $http_host" not in edit.diff


def test_fires_where_the_application_is_an_nginx_that_says_so() -> None:
    text = 'client sent invalid "Destination" header: "https://shop.example.com/b.txt"'
    line = logged(text, path="/a.txt")
    failure = replace(MOVE, status=400)
    assert judge(CHECK, RUNNING, config(SITE), failure, line)


def test_fires_and_passes_the_name_on_too() -> None:
    (claim,) = claims(SITE.replace("        proxy_set_header Host $host;\n", ""))
    assert claim.fix
    assert "+        proxy_set_header Host $http_host;" in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    "text",
    [
        SITE.replace("$host;", "$host; proxy_set_header Destination $dest;"),
        SITE.replace("http://127.0.0.1:3000", "https://127.0.0.1:3000"),
        SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv;"),
    ],
)
def test_silent_where_the_field_is_not_the_reason(text: str) -> None:
    assert not claims(text)


def test_silent_for_other_requests_and_for_an_application_that_is_down() -> None:
    assert not claims(failure=replace(MOVE, method="PUT"))
    assert not claims(failure=replace(MOVE, status=404))
    line = logged("connect() failed (111: Connection refused)", path="/a.txt")
    assert not judge(CHECK, RUNNING, config(SITE), MOVE, line)
    plain = replace(SHOP, scheme="http", port=80)
    assert not judge(CHECK, RUNNING, config(SITE), MOVE, target=plain)
