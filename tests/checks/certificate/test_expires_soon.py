from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.model.renewal import RenewalSchedule, RenewalStart
from diagnose.model.tls import Certificate
from tests.support.certificates import HEALTHY, MIDDLE, leaf, visit
from tests.support.check_evidence import NOW, judge


def living(lifetime: float, left: float) -> Certificate:
    """A certificate made for so many days, with so many left."""
    over = NOW + timedelta(days=left)
    return leaf(not_before=over - timedelta(days=lifetime), not_after=over)


@pytest.mark.parametrize(("lifetime", "left"), [(90, 20.9), (365, 20), (6, 1.9), (47, 15), (90, 0)])
def test_fires_within_a_third_of_its_life_or_21_days(lifetime: float, left: float) -> None:
    (claim,) = judge("certificate.expires-soon", visit(living(lifetime, left), MIDDLE))
    assert claim.facts["days"] == int(left)


@pytest.mark.parametrize(
    ("lifetime", "left"), [(90, 21.1), (365, 22), (6, 2.1), (47, 16), (90, -1)]
)
def test_silent_before_that_and_when_it_is_over(lifetime: float, left: float) -> None:
    assert not judge("certificate.expires-soon", visit(living(lifetime, left), MIDDLE), HEALTHY)


def test_fires_and_blames_no_timer_where_none_starts_the_renewal() -> None:
    site, schedule = visit(living(90, 10), MIDDLE), RenewalSchedule(tool="certbot")
    timer = RenewalStart(tool="certbot", source="certbot.timer")
    (claim,) = judge("certificate.expires-soon", site, schedule)
    assert claim.facts["unstarted"]
    for others in ((), (schedule, timer), (replace(schedule, is_complete=False),)):
        (claim,) = judge("certificate.expires-soon", site, *others)
        assert not claim.facts["unstarted"]
    (claim,) = judge("certificate.expires-soon", site, schedule, replace(timer, fault="timer-off"))
    assert claim.facts["unstarted"]
