from dataclasses import replace

from diagnose.model import Edit, Failure, Severity
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-tls-on-port-80"
BOTH = TEXT.replace("    bind", "    bind :80 name http ssl crt /a.pem alpn h2\n    bind", 1)
CUT = page(
    None, url="http://shop.example.com/", port=80, purpose="plain",
    failure=Failure("closed", "the connection was closed"),
)  # fmt: skip


def test_fires_with_the_line_without_tls() -> None:
    (claim,) = judge(CHECK, SERVER, config(BOTH), page(200), CUT)
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:6"
    assert claim.severity is None
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    bind :80 name http\n" in edit.diff


def test_fires_as_an_error_for_the_plain_address() -> None:
    target = replace(SHOP, scheme="http", port=80)
    (claim,) = judge(CHECK, SERVER, config(BOTH), CUT, target=target)
    assert claim.severity is Severity.ERROR


def test_silent_when_the_port_answers_or_has_no_tls() -> None:
    answered = page(301, url="http://shop.example.com/", port=80, purpose="plain")
    assert not judge(CHECK, SERVER, config(BOTH), page(200), answered)
    assert not judge(CHECK, SERVER, config(TEXT), page(200), CUT)


def test_a_line_of_both_ports_is_left_to_a_person() -> None:
    both = TEXT.replace("bind :443", "bind :443,:80")
    (claim,) = judge(CHECK, SERVER, config(both), page(200), CUT)
    assert claim.severity is not Severity.ERROR
    assert claim.fix
    assert not isinstance(claim.fix.steps[0], Edit)
