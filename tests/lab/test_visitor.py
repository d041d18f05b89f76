"""Who is shut out is, and who is let in again is: tried with real packets from the visitor's own
address, before the judgement and after the remedy."""

import pytest

from . import site
from .hosts import until
from .lab import CLIENT, Lab
from .report import Report, carry_out
from .scenario import Scenario, found
from .scenarios import visitor
from .scenarios.visitor import VISITOR
from .test_scenarios import say

pytestmark = pytest.mark.lab

SCENARIOS = [one for one in found().values() if one.apply.__module__ == visitor.__name__]


def arrives(lab: Lab) -> None:
    """The visitor's address is the client's second one."""
    lab.client.sh(f"ip addr replace {VISITOR}/32 dev eth0")
    lab.router.sh(f"ip route replace {VISITOR}/32 via {CLIENT}")
    lab.undo(lambda: lab.router.sh(f"ip route del {VISITOR}/32"))
    lab.undo(lambda: lab.client.sh(f"ip addr del {VISITOR}/32 dev eth0"))


def status(lab: Lab) -> str:
    """What the visitor gets; 000 for no answer."""
    asked = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "3"]
    page = f"https://{site.NAME}/"
    return lab.client.run([*asked, "--interface", VISITOR, page]).stdout


def judged(lab: Lab, scenario: Scenario) -> Report:
    return Report.of("server", lab.diagnose(lab.server, "--json", *scenario.args, scenario.target))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_visitor(laboratory: Lab, scenario: Scenario) -> None:
    if why := scenario.obstacle():
        pytest.skip(why)
    laboratory.restore()
    arrives(laboratory)
    assert status(laboratory) == "200"
    scenario.apply(laboratory)
    got = status(laboratory)
    if scenario.healthy:
        assert got == "200"
        return
    assert got in {"000", "403"}
    report = judged(laboratory, scenario)
    assert report.causes == [scenario.server], report
    steps = report.steps()
    first = report.findings[0]
    assert first["remedy"]["applicability"] != "automatic", report
    if any(step["kind"] == "manual" for step in steps):
        return
    done = carry_out(laboratory, steps)
    until(lambda: status(laboratory) == "200", say("the visitor gets in", done))
    assert judged(laboratory, scenario).status == "ok", say(report, done)
