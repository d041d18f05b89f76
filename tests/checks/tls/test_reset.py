from diagnose.model import Severity
from tests.support.check_evidence import judge
from tests.support.tls_evidence import RESET, WELL, alerted, all_failing, said, shake


def test_fires_once_for_all_addresses_and_alone() -> None:
    other = shake(failure=RESET, address="2001:db8::10")
    (claim,) = judge("tls.reset", shake(failure=RESET), other, *all_failing(RESET))
    assert str(claim.about) == "203.0.113.10:443, [2001:db8::10]:443"
    assert not claim.facts["by_name"]
    assert said(shake(failure=RESET), *all_failing(RESET)) == ["tls.reset"]


def test_fires_and_says_that_it_is_the_name() -> None:
    unnamed = shake("no-sni", server_name=None)
    (claim,) = judge("tls.reset", shake(failure=RESET), unnamed, *all_failing(RESET, "no-sni"))
    assert claim.facts["by_name"]


def test_fires_as_a_warning_where_a_second_attempt_goes_well() -> None:
    (claim,) = judge("tls.reset", shake(failure=RESET), shake("again"))
    assert claim.severity is Severity.WARNING
    assert claim.facts["sometimes"]


def test_silent_when_the_server_says_something() -> None:
    assert not judge(
        "tls.reset", WELL, alerted(40), shake("old", RESET), shake("small-hello", RESET)
    )
