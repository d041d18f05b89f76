from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.tcp_evidence import attempt


def test_fires_where_one_try_is_answered_and_another_is_not() -> None:
    (claim,) = judge(
        "tcp.unstable",
        attempt(failure=TIMEOUT),
        attempt(purpose="again"),
        attempt(purpose="again", failure=REFUSED),
    )
    assert (claim.facts["answered"], claim.facts["tries"]) == (1, 3)
    assert claim.facts["failures"] == ("timed out", "Connection refused")


def test_silent_when_all_tries_agree() -> None:
    assert not judge("tcp.unstable", attempt(), attempt(purpose="again"))
    assert not judge(
        "tcp.unstable", attempt(failure=TIMEOUT), attempt(purpose="again", failure=TIMEOUT)
    )


def test_silent_when_different_addresses_or_ports_disagree() -> None:
    assert not judge(
        "tcp.unstable",
        attempt(),
        attempt("203.0.113.11", failure=TIMEOUT),
        attempt(port=80, purpose="plain", failure=TIMEOUT),
    )


def test_silent_when_a_lost_packet_only_cost_time() -> None:
    assert not judge("tcp.unstable", attempt(took=3.08))
