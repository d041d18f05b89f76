"""The scenarios on servers that systemd boots, laid out as distributions, panels and people do it.

A share of them, the same in each run; all of them where DIAGNOSE_ALL is set (`make test-all`).
"""

from zlib import crc32

import pytest

from tests.support.effort import ALL

from .lab import Lab
from .platforms import PLATFORMS, TODAY, Platform
from .scenario import Scenario, Side, found
from .test_scenarios import play

pytestmark = pytest.mark.lab

#: One of so many.
SHARE = 500

#: Where these stand alone nginx is no part of it: one platform shows as much as all.
BESIDE = ("dns", "tcp", "host", "firewall", "netfilter")


def chosen(scenario: Scenario, platform: Platform) -> bool:
    if scenario.obstacle_on(platform) or scenario.obstacle() or platform.obstacle():
        return False
    if scenario.layer in BESIDE and platform.name != "redhat":
        return False
    return ALL or crc32(f"{platform}/{scenario}".encode()) % SHARE == 0


PAIRS = [(one, two) for one in PLATFORMS for two in found().values() if chosen(two, one)]


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
