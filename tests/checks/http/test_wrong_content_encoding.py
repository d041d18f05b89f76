from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Manual
from diagnose.model.http import CodingFault, ResponseBody
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import RUNNING, config

PLAIN = ResponseBody(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    received=500,
    coding="gzip",
    media_type="text/html",
)
WRONG = replace(PLAIN, coding_fault="invalid")
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        gzip on;
        add_header Content-Encoding gzip;
    }
}
"""


@pytest.mark.parametrize("fault", ["invalid", "twice", "unnamed"])
def test_fires_for_each_fault(fault: CodingFault) -> None:
    (claim,) = judge("http.wrong-content-encoding", replace(PLAIN, coding_fault=fault))
    assert claim.facts[fault]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_and_takes_the_line_away_that_names_the_coding() -> None:
    (claim,) = judge("http.wrong-content-encoding", WRONG, RUNNING, config(SITE))
    assert claim.location
    assert claim.location.line == 7
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-        add_header Content-Encoding gzip;" in edit.diff


def test_silent_if_a_browser_gets_what_the_header_says() -> None:
    assert not judge("http.wrong-content-encoding", WRONG, replace(PLAIN, request="browser"))


def test_silent_when_the_body_is_right_or_was_cut() -> None:
    assert not judge("http.wrong-content-encoding", PLAIN)
    assert not judge("http.wrong-content-encoding", replace(WRONG, end="cut"))


def test_silent_at_a_websocket_path() -> None:
    assert not judge("http.wrong-content-encoding", WRONG, target=CHAT)
