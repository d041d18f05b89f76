import pytest

from diagnose.model import Confidence, Edit
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config, front
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


TERMINAL = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    proxy_set_header Host $host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    auth_request /_whoami;
    location = /_whoami {
        internal;
        auth_request off;
        proxy_pass http://127.0.0.1:8000/api/whoami;
    }
    location /ws { proxy_pass http://127.0.0.1:8000; }
    location / { proxy_pass http://127.0.0.1:8000; }
}
"""
REFUSED = logged("auth request unexpected status: 400 while sending to client", path="/ws")


def test_fires_for_a_websocket_whose_question_carries_its_upgrade() -> None:
    """Pull request 39 of plotlinelabs/loma."""
    seen = (RUNNING, config(TERMINAL), LOG_READ, REFUSED, page(200), front(500))
    (claim,) = judge("nginx.auth-request-failed", *seen)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.about.path == "/ws"
    assert (claim.facts["uri"], claim.facts["auth_status"]) == ("/_whoami", "400")
    assert str(claim.facts["upgrade"]).endswith(":6")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = [line[1:].strip() for line in edit.diff.splitlines() if line.startswith("+ ")]
    assert added == [
        "proxy_set_header Host $host;",
        'proxy_set_header Upgrade "";',
        'proxy_set_header Connection "";',
    ]


def test_fires_for_a_websocket_and_leaves_the_answer_to_a_person_without_a_control() -> None:
    text = TERMINAL.replace("    proxy_set_header Upgrade $http_upgrade;\n", "")
    for seen in (
        (config(text), page(200)),
        (config(TERMINAL), page(403)),
        (config(TERMINAL.replace("location / {", "location / { return 404;")), page(404)),
        (config(TERMINAL.replace("ws {", "ws { auth_request /_other;")), page(200)),
    ):
        (claim,) = judge("nginx.auth-request-failed", RUNNING, *seen, LOG_READ, REFUSED, front(500))
        assert not claim.facts["upgrade"]
        assert claim.fix
        assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_silent_when_the_websocket_opens_or_fails_otherwise() -> None:
    seen = (RUNNING, config(TERMINAL), LOG_READ, page(200))
    assert not judge("nginx.auth-request-failed", *seen, REFUSED, front(101))
    assert not judge("nginx.auth-request-failed", *seen, REFUSED, front(502))
    assert not judge("nginx.auth-request-failed", *seen, front(500))
