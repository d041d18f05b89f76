from dataclasses import replace

import pytest

from diagnose.model import Edit, Failure, Severity
from diagnose.model.nginx import UpstreamTry
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import direct, front
from tests.support.upstreams import DIRECT, PAGE, proxied, talk, tried

CHECK = "upstream.plain-to-tls"
CLOSED = Failure("closed", "connection closed")
TLS = talk(DIRECT, as_nginx=False, protocol="TLSv1.3")
SAYS = tried(asked=True, status=400)
HANGS_UP = tried(asked=True, failure=CLOSED)


@pytest.mark.parametrize("answer", [SAYS, HANGS_UP], ids=["400", "closed"])
def test_fires_when_a_handshake_stands_and_plain_is_not_understood(answer: UpstreamTry) -> None:
    (claim,) = judge(CHECK, tried(), answer, TLS, PAGE, proxied(DIRECT))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass https://127.0.0.1:3000;" in edit.diff
    assert "ssl_server_name" not in edit.diff


def test_fires_and_sends_the_name_that_the_application_wants() -> None:
    named = replace(TLS, server_name="app.internal")
    (claim,) = judge(CHECK, tried(), HANGS_UP, named, PAGE, proxied(DIRECT))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_ssl_server_name on;\n+        proxy_ssl_name app.internal;" in edit.diff


def test_fires_for_a_websocket_alone() -> None:
    shaken = replace(direct(None), failure=CLOSED)
    (claim,) = judge(CHECK, tried(), TLS, shaken, front(502), proxied(DIRECT), target=CHAT)
    assert claim.severity is None


def test_fires_as_an_error_when_the_page_refused_without_tls_is_served_with_it() -> None:
    served, page = replace(TLS, status=200), replace(PAGE, status=400)
    (claim,) = judge(CHECK, tried(), SAYS, served, page, proxied(DIRECT))
    assert claim.severity is Severity.ERROR
    assert page in claim.because


def test_silent_when_the_page_is_refused_over_tls_too() -> None:
    refused, page = replace(TLS, status=400), replace(PAGE, status=400)
    assert not judge(CHECK, tried(), SAYS, refused, page, proxied(DIRECT))


def test_silent_when_plain_requests_are_answered() -> None:
    well = replace(SAYS, status=200)
    assert not judge(CHECK, tried(), well, TLS, PAGE, proxied(DIRECT))


def test_silent_when_no_handshake_stands() -> None:
    failed = replace(TLS, failure=CLOSED)
    assert not judge(CHECK, tried(), HANGS_UP, failed, PAGE, proxied(DIRECT))
