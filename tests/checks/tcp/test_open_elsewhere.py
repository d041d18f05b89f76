from diagnose.model import Confidence
from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.tcp_evidence import attempt
from tests.support.vantage_evidence import LAPTOP, ON_SERVER, silent, visit

CHECK = "tcp.open-elsewhere"
LOST = (attempt(failure=TIMEOUT, took=4.0), attempt(purpose="again", failure=TIMEOUT, took=4.0))


def test_fires_where_only_this_machine_does_not_get_in() -> None:
    (claim,) = judge(CHECK, *LOST, visit())
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["places"] == (LAPTOP,)
    assert claim.facts["answered"] is True


def test_fires_less_surely_without_an_answer() -> None:
    (claim,) = judge(CHECK, attempt(failure=REFUSED), visit(status=None, secured=False))
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_nobody_gets_in() -> None:
    assert not judge(CHECK, *LOST, silent())


def test_silent_where_this_machine_gets_in() -> None:
    assert not judge(CHECK, attempt(), visit())


def test_silent_on_the_server_itself() -> None:
    """Its way to its own public address says nothing."""
    assert not judge(CHECK, ON_SERVER, *LOST, visit())


def test_silent_where_the_place_reached_another_address() -> None:
    assert not judge(CHECK, *LOST, visit(address="203.0.113.99"))
