"""nginx.request-logged: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Observation
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import LOADED, RUNNING, SITE, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "nginx.request-logged"
LINE = logged('open() "/srv/dist.html" failed (2: No such file or directory)', errno=2)
SEEN: tuple[Observation, ...] = (page(404), RUNNING, config(SITE), LOG_READ)


def test_fires_and_quotes_the_line_with_the_next_look() -> None:
    (claim,) = judge(CHECK, *SEEN, LINE)
    assert claim.because[0] is LINE
    assert claim.facts["run"] is True
    said = "".join(texts(CHECK, claim))
    assert "/srv/dist.html" in said
    assert "grep -F -- 'GET / HTTP/1.1' /var/log/nginx/error.log | tail -n 5" in said
    assert "namei -l /srv/dist.html" in said


@pytest.mark.parametrize(
    "line",
    [
        replace(LINE, when=LOADED - 5.0),
        replace(LINE, request="GET /wp-login.php HTTP/1.1"),
        replace(LINE, host="other.example.com"),
        replace(LINE, level="warn"),
        logged("access forbidden by rule"),
    ],
)
def test_silent_about_other_requests_and_what_a_rule_closes(line: Observation) -> None:
    assert judge(CHECK, *SEEN, line) == []


@pytest.mark.parametrize("status", [200, 302, 401, 502])
def test_silent_if_the_page_comes_or_the_server_fails(status: int) -> None:
    assert judge(CHECK, page(status), *SEEN[1:], LINE) == []


def test_silent_if_another_address_answers() -> None:
    assert judge(CHECK, replace(page(200), address="203.0.113.11"), *SEEN, LINE) == []
