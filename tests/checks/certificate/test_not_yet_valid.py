from datetime import timedelta

from tests.support.certificates import HEALTHY, MIDDLE, causes, leaf, visit
from tests.support.check_evidence import NOW, judge

EARLY = leaf(not_before=NOW + timedelta(hours=2))


def test_fires_before_its_time() -> None:
    (claim,) = judge("certificate.not-yet-valid", visit(EARLY, MIDDLE, code=9))
    assert claim.facts["since"] == EARLY.not_before
    assert causes(visit(EARLY, MIDDLE, code=9)) == ["certificate.not-yet-valid"]


def test_silent_once_it_has_begun() -> None:
    assert not judge("certificate.not-yet-valid", HEALTHY)
