from datetime import timedelta

from tests.support.certificates import MIDDLE, causes, leaf, visit
from tests.support.check_evidence import NOW, judge

CHECK = "certificate.lifetime-too-long"
START = NOW - timedelta(days=10)


def test_fires_on_more_than_825_days() -> None:
    seen = visit(leaf(not_before=START, not_after=START + timedelta(days=910)), MIDDLE)
    (claim,) = judge(CHECK, seen)
    assert claim.facts["days"] == 910
    assert causes(seen) == [CHECK]


def test_silent_on_a_shorter_one_and_on_one_that_is_not_accepted_anyway() -> None:
    short = leaf(not_before=START, not_after=START + timedelta(days=825))
    assert not judge(CHECK, visit(short, MIDDLE))
    long = leaf(not_before=START, not_after=START + timedelta(days=910))
    assert not judge(CHECK, visit(long, MIDDLE, code=19))


def test_silent_on_one_of_the_time_before_the_rule() -> None:
    old = START.replace(year=2018)
    assert not judge(CHECK, visit(leaf(not_before=old, not_after=START.replace(year=2030)), MIDDLE))
