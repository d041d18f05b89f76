import pytest

from diagnose.model import Claim, Confidence, Edit, Vantage
from diagnose.model.logs import FailedRequests, LogLine
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


GUARDED = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    client_max_body_size 50m;
    location = /oauth2/auth { proxy_set_header Host $host; proxy_pass http://127.0.0.1:4180; }
    location /api/ { auth_request /oauth2/auth; proxy_pass http://127.0.0.1:3000; }
    location / { auth_request /oauth2/auth; proxy_pass http://127.0.0.1:3000; }
}
"""


def failed(method: str, is_from_page: bool = True) -> FailedRequests:
    return FailedRequests(
        vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method=method, path="/api/orders",
        status=500, written="2026/11/26 10:00:00", is_from_page=is_from_page,
    )  # fmt: skip


def unexpected(status: int) -> LogLine:
    text = f"auth request unexpected status: {status} while sending to client"
    return logged(text, path="/api/orders")


def added_lines(claim: Claim) -> list[str]:
    edits = [step for step in (claim.fix.steps if claim.fix else ()) if isinstance(step, Edit)]
    diff = "".join(edit.diff for edit in edits).splitlines()
    return [line[1:].strip() for line in diff if line.startswith("+ ")]


@pytest.mark.parametrize("status", [400, 408, 504])
def test_fires_for_what_visitors_sent_where_the_question_has_its_length(status: int) -> None:
    """Issue 442 of bitly/oauth2_proxy, 132 of authelia/authelia."""
    text = GUARDED.replace("auth { ", "auth {\n        ").replace("4180; }", "4180;\n    }")
    seen = (RUNNING, config(text), LOG_READ, unexpected(status), page(200))
    (claim,) = judge("nginx.auth-request-failed", *seen, failed("POST", is_from_page=False))
    assert claim.confidence is Confidence.LIKELY
    assert claim.about.path == "/api/orders"
    assert claim.facts["body"]
    lines = added_lines(claim)
    assert lines == ["proxy_pass_request_body off;", 'proxy_set_header Content-Length "";']


def test_fires_for_what_visitors_sent_where_the_questions_own_limit_is_met() -> None:
    """Issue 5 of perusio/nginx-auth-request-module."""
    text = GUARDED.replace("    client_max_body_size 50m;\n", "").replace(
        "location /api/ {", "location /api/ { client_max_body_size 50m;"
    )
    large = logged("client intended to send too large body: 2000000 bytes", path="/api/orders")
    seen = (RUNNING, config(text), LOG_READ, unexpected(413), large, page(200), failed("PUT"))
    (claim,) = judge("nginx.auth-request-failed", *seen)
    assert claim.facts["limit"]
    assert any("client_max_body_size 0;" in line for line in added_lines(claim))


def test_fires_for_a_page_whose_login_service_is_down_and_leaves_it_to_a_person() -> None:
    other = GUARDED.replace("location / { auth_request /oauth2/auth;", "location / {")
    seen = (RUNNING, config(other), LOG_READ, unexpected(502), page(200))
    (claim,) = judge("nginx.auth-request-failed", *seen, failed("GET"))
    assert claim.facts["answer"]
    assert not judge("nginx.auth-request-failed", *seen, failed("GET", is_from_page=False))


def test_silent_where_the_question_has_no_length_or_is_answered_again() -> None:
    healed = GUARDED.replace("$host; proxy", '$host; proxy_set_header Content-Length ""; proxy')
    seen = (RUNNING, config(healed), LOG_READ, unexpected(504), page(200))
    assert not judge("nginx.auth-request-failed", *seen, failed("POST"))
    seen = (RUNNING, config(GUARDED), LOG_READ, unexpected(504), page(200))
    assert not judge("nginx.auth-request-failed", *seen, failed("GET"))
    assert not judge(
        "nginx.auth-request-failed", RUNNING, config(GUARDED), page(200), failed("POST")
    )
