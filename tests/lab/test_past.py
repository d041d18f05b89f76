"""What is over is no finding: the fault, visitors who met it and the lines that they left in the
logs, the remedy as printed; then the same site is asked for by its bare name, by its address, and
with the words of the fault.

`make test` plays a few scenarios, the same in each run; `make test-all` all that the server heals.
"""

import pytest

from tests.support.effort import sample

from .hosts import until
from .lab import Lab
from .report import Report, carry_out
from .scenario import Scenario, found
from .site import NAME
from .test_scenarios import DEADLINE, assert_healthy, look, working

pytestmark = pytest.mark.lab
#: How often visitors meet the fault.
VISITS = 3


def past() -> list[Scenario]:
    """Scenarios whose first cause the server names and a person there puts right."""
    single = [
        scenario
        for scenario in found().values()
        if scenario.server and scenario.heals == "server"
        if not (scenario.manual or scenario.besides or scenario.ipv6)
    ]
    return sample(single, 1)


def visit(lab: Lab, scenario: Scenario) -> str:
    """What a visitor sees of the page, or of the WebSocket, in words that a person would paste."""
    url = (
        scenario.target.replace("ws", "http", 1) if scenario.target[:2] == "ws" else scenario.target
    )
    said = lab.client.run(
        ["curl", "-sk", "-m", "5", "-o", "/dev/null", "-w", "%{http_code} %{errormsg}", url]
    ).stdout.strip()
    status, _, message = said.partition(" ")
    if "--ws" in scenario.args or scenario.target.startswith("ws"):
        return "WebSocket connection failed: Error during WebSocket handshake"
    return f"curl: {message}" if status == "000" else f"{url} {status}"


@pytest.mark.parametrize("scenario", past(), ids=str)
def test_nothing_is_said_of_a_fault_that_is_over(laboratory: Lab, scenario: Scenario) -> None:
    lab = laboratory
    if why := scenario.obstacle() or scenario.obstacle_on(lab.platform):
        pytest.skip(why)
    lab.restore()
    scenario.apply(lab)
    words = [visit(lab, scenario) for _ in range(VISITS)][-1]
    done = carry_out(lab, look(lab, scenario, sides=("server",))["server"].steps())
    until(lambda: working(lab), f"the cure works\n{done}\n")
    for asked in ((NAME,), (*scenario.args, scenario.target), (scenario.target, words)):
        said = lab.diagnose(lab.server, "--json", "--timeout", str(DEADLINE), *asked)
        assert_healthy(Report.of("server", said), asked, done)
