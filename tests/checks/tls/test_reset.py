from diagnose.model import Severity
from diagnose.model.tls import NameTrials, TrialName, TrialProtocol
from tests.support.check_evidence import judge
from tests.support.front_evidence import local
from tests.support.tls_evidence import RESET, WELL, alerted, all_failing, said, shake

PROTOCOLS: tuple[TrialProtocol, ...] = ("TLSv1.2", "TLSv1.3")
SENT: dict[TrialName, str] = {"own": "shop.example.com", "none": "", "other": "diagnose.invalid"}


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


def trials(own: int, others: int = 0) -> list[NameTrials]:
    """Ten attempts with the name, of which `own` were reset in each version, and twenty others."""
    return [
        NameTrials(
            address="203.0.113.10",
            port=443,
            sent=sent,
            name=name,
            protocol=protocol,
            tries=5,
            blocked=own if name == "own" else others,
            answered=5 - (own if name == "own" else others),
        )
        for protocol in PROTOCOLS
        for name, sent in SENT.items()
    ]


def test_fires_as_an_error_where_a_filter_let_the_second_attempt_pass() -> None:
    (claim,) = judge("tls.reset", shake(failure=RESET), shake("again"), *trials(4))
    assert claim.severity is Severity.ERROR
    assert claim.facts["by_name"]
    assert (claim.facts["tries"], claim.facts["blocked"]) == (10, 8)
    assert claim.facts["control_tries"] == 20


def test_fires_without_a_filter_where_some_attempts_of_every_kind_are_reset() -> None:
    for observations in (trials(5, others=1), trials(2), trials(5)[:1]):
        (claim,) = judge("tls.reset", shake(failure=RESET), shake("again"), *observations)
        assert claim.facts["sometimes"]
        assert not claim.facts["tries"]


def test_fires_and_says_that_the_server_itself_answers() -> None:
    (claim,) = judge("tls.reset", shake(failure=RESET), *all_failing(RESET), local())
    assert claim.facts["own_address"] == local().address
