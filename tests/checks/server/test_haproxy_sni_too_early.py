from diagnose.model import Applicability, Claim, Confidence, Edit, Severity
from diagnose.model.haproxy import HandshakeSeries
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import SERVER, TEXT, config

SNI = """\
frontend tls
    mode tcp
    bind :443
    use_backend shop if { req.ssl_sni -i shop.example.com }
    default_backend other
backend shop
    server a 127.0.0.1:8443
backend other
    server a 127.0.0.1:8444
"""
GOOD, OTHER = "a" * 64, "b" * 64


def judge(text: str, *certificates: str) -> list[Claim]:
    series = HandshakeSeries(
        name="shop.example.com", address="127.0.0.1", port=443, certificates=certificates
    )
    return put("server.haproxy-sni-too-early", SERVER, config(text), series)


def test_fires_for_certain_where_handshakes_get_different_answers() -> None:
    (claim,) = judge(SNI, GOOD, GOOD, OTHER, "")
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["number"], claim.facts["other"], claim.facts["none"]) == (4, 2, 1)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    tcp-request inspect-delay 5s\n" in edit.diff


def test_fires_as_a_warning_where_nothing_differed_yet() -> None:
    (claim,) = judge(SNI, GOOD, GOOD)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)


def test_silent_where_the_frontend_waits() -> None:
    assert not judge(SNI.replace(":443\n", ":443\n    tcp-request inspect-delay 5s\n"), GOOD, "")


def test_silent_where_any_backend_is_the_same() -> None:
    assert not judge(SNI.replace("default_backend other", "default_backend shop"), GOOD)


def test_silent_where_haproxy_ends_tls_itself() -> None:
    assert not judge(TEXT, GOOD, OTHER)
