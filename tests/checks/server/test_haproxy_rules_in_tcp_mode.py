import pytest

from diagnose.model import Applicability, Edit, Severity
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, config, page

CHECK = "server.haproxy-rules-in-tcp-mode"
TEXT = """\
defaults
    timeout connect 5s
frontend web
    bind :443 ssl crt /a.pem
    acl api path_beg /api
    use_backend api if api
    default_backend app
backend app
    server a 127.0.0.1:3000
backend api
    server b 127.0.0.1:3001
"""


def test_fires_with_mode_http_for_the_frontend_and_its_backends() -> None:
    (claim,) = judge(CHECK, SERVER, config(TEXT), page(200))
    assert claim.facts["rules"] == ("use_backend (/etc/haproxy/haproxy.cfg:6)",)
    assert claim.facts["mode_place"] == ""
    assert claim.severity is None
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count("+    mode http\n") == 3


def test_fires_as_an_error_where_the_page_fails() -> None:
    own = TEXT.replace("frontend web\n", "frontend web\n    mode tcp\n")
    (claim,) = judge(CHECK, SERVER, config(own), page(404))
    assert claim.severity is Severity.ERROR
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "-    mode tcp\n+    mode http\n" in edit.diff


def test_leaves_tls_that_is_passed_on_to_a_person() -> None:
    passed = TEXT.replace(" ssl crt /a.pem", "").replace("path_beg /api", "hdr(host) -i shop")
    (claim,) = judge(CHECK, SERVER, config(passed), page(200))
    assert claim.facts["passed_on"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("defaults\n", "defaults\n    mode http\n"),
        TEXT.replace("path_beg /api", "req.ssl_sni -i api.example.com"),
        TEXT.replace("path_beg /api", "dst_port 8443"),
        TEXT.replace("    acl", "    tcp-request inspect-delay 5s\n    acl"),
        TEXT.replace("path_beg /api", "ssl_fc_sni -i api.example.com"),
    ],
)
def test_silent_in_mode_http_and_for_what_mode_tcp_knows(text: str) -> None:
    assert not judge(CHECK, SERVER, config(text), page(200))


def test_fires_for_tls_that_is_passed_on_whatever_is_waited_for() -> None:
    passed = TEXT.replace(" ssl crt /a.pem", "").replace("path_beg /api", "hdr(host) -i shop")
    waits = passed.replace("    acl", "    tcp-request inspect-delay 5s\n    acl")
    assert judge(CHECK, SERVER, config(waits), page(404))
