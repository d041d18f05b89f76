from diagnose.model import Failure, Severity
from tests.support.check_evidence import judge
from tests.support.vantage_evidence import LAPTOP, OFFICE, lookup, point, silent, visit

CHECK = "host.vantage-unjudged"
DENIED = Failure("denied", "Permission denied (publickey).", 255)


def test_fires_where_the_login_fails() -> None:
    (claim,) = judge(CHECK, point(failure=DENIED))
    assert claim.severity in {None, Severity.NOTE}
    assert claim.facts["reason"] == "Permission denied (publickey)."


def test_fires_where_nothing_was_visited_before_the_end() -> None:
    (claim,) = judge(CHECK, point(), point(OFFICE), visit(OFFICE))
    assert claim.facts["place"] == LAPTOP


def test_silent_where_the_place_was_visited_in_vain() -> None:
    assert not judge(CHECK, point(), silent())


def test_silent_where_the_name_is_unknown_there() -> None:
    failure = Failure("resolution", "the name has no address there", 2)
    assert not judge(CHECK, point(), lookup(failure=failure))
