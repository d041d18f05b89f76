import pytest

from diagnose.model import Applicability, Edit, Failure, Observation
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, attempt, config, page
from tests.support.tls_evidence import SILENCE, shake

CHECK = "server.haproxy-tls-in-tcp-mode"
TEXT = """\
frontend tls
    mode tcp
    bind :443
    tcp-request inspect-delay 5s
    use_backend app if { req.ssl_sni -i shop.example.com }
    default_backend app
backend app
    mode tcp
    server a 127.0.0.1:3000
"""
LOST = shake(failure=SILENCE)
SECURE, PLAIN = attempt(tls=True), attempt(tls=False)
NO_TLS = attempt(tls=True, status=None, failure=Failure("protocol", "no HTTP answer"))
NO_HTTP = attempt(status=None, failure=Failure("closed", "empty reply"))
ENDED = TEXT.replace(":443", ":443 ssl crt /etc/haproxy/shop.pem alpn http/1.1")
UNANSWERED = (shake(), page(None, failure=Failure("closed", "closed")))


def lines(text: str, *observations: Observation) -> list[str]:
    (claim,) = judge(CHECK, SERVER, config(text), *observations, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return [line for line in edit.diff.split("\n")[2:] if line[:1] in {"+", "-"}]


def test_fires_where_tls_is_put_into_tls() -> None:
    written = TEXT.replace(
        ":3000", ":3000 ssl verify required ca-file /etc/ca.pem sni str(a) check"
    )
    assert lines(written, LOST, SECURE)[1] == "+    server a 127.0.0.1:3000 check"


def test_tls_is_ended_where_the_rules_read_what_is_passed_on() -> None:
    changed = lines(ENDED, *UNANSWERED, NO_HTTP, SECURE)
    assert changed[1] == "+    bind :443"


def test_tls_is_ended_and_the_server_wants_it() -> None:
    written = ENDED.replace(" if { req.ssl_sni -i shop.example.com }", "")
    changed = lines(written, *UNANSWERED, NO_HTTP, SECURE)
    assert changed[1] == "+    server a 127.0.0.1:3000 ssl verify none"


def test_fires_where_tls_is_passed_on_to_plain_http() -> None:
    (claim,) = judge(CHECK, SERVER, config(TEXT), LOST, NO_TLS, PLAIN)
    assert claim.facts["to_plain"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (TEXT, (LOST, NO_TLS, NO_HTTP)),
        (TEXT, (LOST, SECURE)),
        (TEXT, (shake(), NO_TLS, PLAIN)),
        (TEXT, (LOST, NO_TLS, attempt(status=400))),
        (TEXT.replace("mode tcp", "mode http"), (LOST, NO_TLS, PLAIN)),
        (TEXT.replace(":3000", ":3000 send-proxy"), (LOST, NO_TLS, PLAIN)),
        (ENDED.replace(":3000", ":3000 ssl verify none"), (*UNANSWERED, SECURE)),
        (ENDED, (shake(), page(200), NO_HTTP, SECURE)),
    ],
)
def test_silent_where_the_answers_do_not_show_it(text: str, seen: tuple[Observation, ...]) -> None:
    assert not judge(CHECK, SERVER, config(text), *seen)
