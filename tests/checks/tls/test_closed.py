from diagnose.model import Severity
from tests.support.check_evidence import judge
from tests.support.tls_evidence import CLOSED, WELL, alerted, all_failing, said, shake


def test_fires_once_for_all_addresses_and_alone() -> None:
    other = shake(failure=CLOSED, address="2001:db8::10")
    (claim,) = judge("tls.closed", shake(failure=CLOSED), other, *all_failing(CLOSED))
    assert str(claim.about) == "203.0.113.10:443, [2001:db8::10]:443"
    assert not claim.facts["by_name"]
    assert said(shake(failure=CLOSED), *all_failing(CLOSED)) == ["tls.closed"]


def test_fires_and_says_that_it_is_the_name() -> None:
    unnamed = shake("no-sni", server_name=None)
    (claim,) = judge("tls.closed", shake(failure=CLOSED), unnamed, *all_failing(CLOSED, "no-sni"))
    assert claim.facts["by_name"]


def test_fires_as_a_warning_where_a_second_attempt_goes_well() -> None:
    (claim,) = judge("tls.closed", shake(failure=CLOSED), shake("again"))
    assert claim.severity is Severity.WARNING
    assert claim.facts["sometimes"]


def test_silent_when_the_server_says_something() -> None:
    assert not judge(
        "tls.closed", WELL, alerted(40), shake("old", CLOSED), shake("small-hello", CLOSED)
    )
