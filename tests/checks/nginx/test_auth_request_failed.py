import pytest

from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        auth_request /auth;
        proxy_pass http://127.0.0.1:3000;
    }
}
"""


@pytest.mark.parametrize(
    ("status", "fact"), [(302, "redirect"), (404, "missing"), (502, "gateway")]
)
def test_fires_and_says_what_the_login_service_answers(status: int, fact: str) -> None:
    line = logged(f"auth request unexpected status: {status} while sending to client")
    (claim,) = judge("nginx.auth-request-failed", RUNNING, config(SITE), LOG_READ, line, page(500))
    assert (claim.facts["auth_status"], claim.facts["uri"]) == (str(status), "/auth")
    assert [name for name in ("redirect", "missing", "gateway") if claim.facts[name]] == [fact]
    assert claim.location
    assert claim.location.line == 6


def test_silent_when_the_application_itself_failed() -> None:
    line = logged("connect() failed (111: Connection refused) while connecting to upstream")
    assert not judge("nginx.auth-request-failed", RUNNING, config(SITE), LOG_READ, line, page(500))


def test_silent_when_visitors_are_let_in() -> None:
    line = logged("auth request unexpected status: 502 while sending to client")
    assert not judge("nginx.auth-request-failed", RUNNING, config(SITE), LOG_READ, line, page(200))
