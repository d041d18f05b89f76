"""Who is shut out is, and who is let in again is: tried with real packets from the visitor's own
address, before the judgement and after the remedy."""

import pytest

from tests.support.effort import sample

from . import site
from .hosts import until
from .lab import CLIENT, Lab
from .report import Report, carry_out
from .scenario import Scenario, found
from .scenarios import visitor
from .scenarios.visitor import VISITOR
from .scenarios.visitors_on_link import OFFICE, bridge_of_containers
from .test_scenarios import say

pytestmark = pytest.mark.lab

SCENARIOS = [one for one in found().values() if one.apply.__module__ == visitor.__name__]


def arrives(lab: Lab, address: str = VISITOR) -> None:
    """The visitor's address is the client's second one."""
    lab.client.sh(f"ip addr replace {address}/32 dev eth0")
    lab.router.sh(f"ip route replace {address}/32 via {CLIENT}")
    lab.undo(lambda: lab.router.sh(f"ip route del {address}/32"))
    lab.undo(lambda: lab.client.sh(f"ip addr del {address}/32 dev eth0"))


def status(lab: Lab, address: str = VISITOR) -> str:
    """What the visitor gets; 000 for no answer."""
    asked = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "3"]
    page = f"https://{site.NAME}/"
    return lab.client.run([*asked, "--interface", address, page]).stdout


def judged(lab: Lab, scenario: Scenario) -> Report:
    return Report.of("server", lab.diagnose(lab.server, "--json", *scenario.args, scenario.target))


@pytest.mark.parametrize("scenario", sample(SCENARIOS, 4), ids=str)
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


def test_a_bridge_takes_the_answers_to_its_network(laboratory: Lab) -> None:
    """Its scenario is judged with the others: here only that the visitor gets no answer."""
    laboratory.restore()
    arrives(laboratory, OFFICE)
    assert status(laboratory, OFFICE) == "200"
    bridge_of_containers(laboratory)
    assert status(laboratory, OFFICE) == "000"
    assert status(laboratory, CLIENT) == "200"
