"""The scenarios on servers that systemd boots, laid out as distributions, panels and people do it.

A sample of them, the same in each run; all of them where DIAGNOSE_ALL is set (`make test-all`).
"""

import pytest

from tests.support.effort import sample

from .lab import Lab
from .platforms import PLATFORMS, TODAY, Platform
from .scenario import Scenario, Side, found
from .test_scenarios import play

pytestmark = pytest.mark.lab

#: Pairs of a platform and a scenario that `make test` plays.
COUNT = 10

#: Where these stand alone nginx is no part of it: one platform shows as much as all.
BESIDE = ("dns", "tcp", "host", "firewall", "netfilter")


def is_told_apart(scenario: Scenario, platform: Platform) -> bool:
    if scenario.obstacle_on(platform) or scenario.obstacle() or platform.obstacle():
        return False
    return scenario.layer not in BESIDE or platform.name == "redhat"


PAIRS = sample(
    [
        (platform, scenario)
        for platform in PLATFORMS
        for scenario in found().values()
        if is_told_apart(scenario, platform)
    ],
    COUNT,
    lambda pair: "/".join(map(str, pair)),
)


@pytest.mark.parametrize(("platform", "scenario"), PAIRS, ids=str)
def test_scenario_on(booted: Lab, platform: Platform, scenario: Scenario) -> None:
    """A platform is another inside: what a visitor sees of it is the same everywhere."""
    booted.become(platform)
    inner: tuple[Side, ...] = ("server",)
    play(booted, scenario, inner if scenario.heals == "server" else (*inner, scenario.heals))


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_the_words_of_a_platform_are_said_once(platform: Platform) -> None:
    """What was said in its words stays as it is."""
    for ours, theirs in platform.words:
        assert platform.here(theirs) == theirs
        assert platform.here(f"x {ours} y") == f"x {theirs} y"
    assert TODAY.here("/etc/nginx/conf.d") == "/etc/nginx/conf.d"
