"""Every fault, from both sides: named, alone, cured as printed, and nothing else touched."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .hosts import until
from .lab import Lab
from .report import Report, carry_out
from .scenario import Scenario, Side, found

pytestmark = pytest.mark.lab
DEADLINE = 15.0  # seconds, the default of --timeout
START = 2.0  # for the interpreter, on a machine that does other things too


def look(lab: Lab, scenario: Scenario) -> dict[Side, Report]:
    """What both sides say, asked at the same time."""

    def ask(side: Side) -> Report:
        host, more = (lab.client, ["--outside"]) if side == "client" else (lab.server, [])
        started = time.monotonic()
        done = lab.diagnose(host, "--json", *more, *scenario.args, scenario.target)
        report = Report.of(side, done)
        took = time.monotonic() - started
        assert took < DEADLINE + START, f"{side}: {took:.1f} s\n{report}"
        return report

    sides: tuple[Side, ...] = ("client", "server")
    with ThreadPoolExecutor() as pool:
        return dict(zip(sides, pool.map(ask, sides), strict=True))


def say(*parts: object) -> str:
    return "\n\n".join(str(part) for part in parts)


def judge(scenario: Scenario, reports: dict[Side, Report]) -> None:
    for side, expected in scenario.expected.items():
        report = reports[side]
        named = [cause for cause in report.causes if cause not in scenario.also]
        right = [expected] if expected else []
        assert named == right, say(f"{side}: {right} expected, {named} named", report)
        if expected is None:
            assert_healthy(report)


def assert_healthy(report: Report, *why: object) -> None:
    assert not report.complaints, say(f"{report.side}: not healthy", report, *why)
    assert report.status == "ok", say(f"{report.side}: not ok", report, *why)


def working(lab: Lab) -> bool:
    try:
        lab.check()
    except Exception:
        return False
    return True


@pytest.mark.parametrize("scenario", found().values(), ids=str)
def test_scenario(laboratory: Lab, scenario: Scenario) -> None:
    if why := scenario.obstacle():
        pytest.skip(why)
    laboratory.restore(ipv6=scenario.ipv6)
    before = laboratory.snapshot()
    scenario.apply(laboratory)
    faulty = laboratory.snapshot()
    reports = look(laboratory, scenario)
    judge(scenario, reports)
    if scenario.healthy or scenario.manual:
        return
    steps = reports[scenario.heals].steps()
    done = carry_out(laboratory, steps)
    until(lambda: working(laboratory), f"the cure works\n{done}\n", timeout=3)
    for report in look(laboratory, scenario).values():
        assert_healthy(report, "after", done)
    left = before.difference(faulty)  # what the cure need not care about
    cured = before.difference(laboratory.snapshot(), scenario.differs)
    changed = [difference for difference in cured if difference not in left]
    assert not changed, say("The cure changed something else:", *changed, done)


def test_the_site_is_healthy(lab: Lab) -> None:
    """Itself, and again after it was restored."""
    before = lab.snapshot()
    lab.restore(ipv6=True)
    lab.restore()
    assert before.difference(lab.snapshot()) == []
