"""Every fault, from three vantages: named, alone, cured as printed, and nothing else touched.

`make test` plays some first scenarios of a cause and some of all, the same in each run and no more
where there are more; of these one in three is also put right by `diagnose fix` and taken back.
`make test-all` plays all of them, whole.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.effort import sample, taken

from .hosts import Gone, until
from .lab import SERVER, Lab
from .report import Report, carry_out
from .scenario import Scenario, Side, found
from .state import Snapshot

pytestmark = pytest.mark.lab
#: Seconds that a run is given, more than it needs: what it says shall not hang on how busy this
#: machine is; and those after which it hangs.
DEADLINE, HANGS = 40, 70


#: What each side adds to the command: nothing on the server, which notices that it is there.
WORDS: dict[Side, tuple[str, ...]] = {
    "client": ("--outside",),
    "server": (),
    "both": ("--server", f"ssh://root@{SERVER}"),
}


def look(
    lab: Lab, scenario: Scenario, *more: Scenario, sides: tuple[Side, ...] = tuple(WORDS)
) -> dict[Side, Report]:
    """What these sides say, asked at the same time, of one scenario or of several at once."""
    args = dict.fromkeys(word for one in (scenario, *more) for word in one.args)

    def ask(side: Side) -> Report:
        host = lab.server if side == "server" else lab.client
        words = ("--json", "--timeout", str(DEADLINE), *WORDS[side], *args, scenario.target)
        return Report.of(side, lab.diagnose(host, *words, timeout=HANGS))

    if scenario.outside in {"tcp.rejected-by-router", "tcp.host-down"}:
        # All that the client sends is rejected: together they would use up what a router says.
        found = {}
        for side in sides:
            lab.let_icmp_recover()
            lab.forget_neighbors()
            found[side] = ask(side)
        return found
    with ThreadPoolExecutor() as pool:
        return dict(zip(sides, pool.map(ask, sides), strict=True))


def say(*parts: object) -> str:
    return "\n\n".join(str(part) for part in parts)


def judge(scenario: Scenario, reports: dict[Side, Report]) -> None:
    for side, report in reports.items():
        expected = scenario.expected[side]
        named = [cause for cause in report.causes if cause not in scenario.also]
        right = scenario.right(side)
        assert named == right, say(f"{side}: {right} expected, {named} named", report)
        if side in scenario.unsure:
            assert not report.complaints, say(f"{side}: not sure", report)
            assert report.status == "unknown", say(f"{side}: not sure", report)
        elif expected is None:
            assert_healthy(report)


def assert_healthy(report: Report, *why: object) -> None:
    assert not report.complaints, say(f"{report.side}: not healthy", report, *why)
    assert report.status == "ok", say(f"{report.side}: not ok", report, *why)
    # What lies before it the server does not call healthy: it cannot see it, but another place can.
    before = any("visitors" in one["what"] for one in report.document["unknown"])
    is_blind = report.side == "server" and not report.document["run"]["vantage"]["elsewhere"]
    assert before is is_blind, report


def working(lab: Lab) -> bool:
    try:
        lab.check()
    except Exception:
        return False
    return True


def fixed_and_undone(lab: Lab, scenario: Scenario, faulty: Snapshot) -> None:
    """`diagnose fix` heals it, and `--undo` brings the fault back and every file to the byte."""
    done = lab.diagnose(lab.server, "fix", "--yes", *scenario.args, scenario.target)
    assert done.returncode == 0, say("fix did not heal it:", done.stdout, done.stderr)
    until(lambda: working(lab), f"the fix works\n{done.stdout}\n")
    undone = ""
    for _ in range(done.stdout.count("It helped")):
        one = lab.diagnose(lab.server, "fix", "--undo", "--yes")
        undone += one.stdout + one.stderr
        assert one.returncode == 0, undone
    left: list[str] = []

    def as_it_was() -> bool:
        left[:] = faulty.difference(lab.snapshot(), scenario.keeps)
        return not left

    try:
        until(as_it_was, "as it was")
    except Gone:
        pytest.fail(say("undone, and not as it was:", *left, done.stdout, undone))


def play(lab: Lab, scenario: Scenario, sides: tuple[Side, ...] = tuple(WORDS)) -> None:
    """The fault; what these sides say of it; the remedy; and what is left."""
    lab.restore(ipv6=scenario.ipv6)
    before = lab.snapshot()
    scenario.apply(lab)
    faulty = lab.snapshot()
    reports = look(lab, scenario, sides=sides)
    judge(scenario, reports)
    if scenario.healthy or scenario.manual:
        return
    automatic = scenario.heals == "server" and reports["server"].automatic and taken(scenario, 3)
    if automatic:
        fixed_and_undone(lab, scenario, faulty)
        # A rule that was put back has another handle. A reload cannot be taken back.
        again = look(lab, scenario, sides=("server",))
        reports |= again if again["server"].causes else {}
    steps = reports[scenario.heals].steps()
    done = carry_out(lab, steps)
    for _ in scenario.besides:  # each shows its steps when those before it are done
        report = look(lab, scenario, sides=("server",))["server"]
        done = say(done, carry_out(lab, report.steps())) if report.causes else done
    until(lambda: working(lab), f"the cure works\n{done}\n")
    # What the server says after it, the fix has seen already.
    seen: set[Side] = {"both", "server"} if automatic else {"both"}
    after = tuple(side for side in sides if side not in seen)
    for report in look(lab, scenario, sides=after or ("server",)).values():
        assert_healthy(report, "after", done)
    left = before.difference(faulty)  # what the cure need not care about
    differs = [real for path in scenario.differs for real in lab.platform.paths(path)]
    cured = before.difference(lab.snapshot(), differs)
    changed = [difference for difference in cured if difference not in left]
    assert not changed, say("The cure changed something else:", *changed, done)


def played() -> list[Scenario]:
    """The scenarios that this run plays: of the first ones of each cause, and of all."""
    firsts = {
        scenario.server or scenario.outside: scenario
        for scenario in reversed(found().values())
        if not scenario.healthy
    }
    names = {*sample(map(str, firsts.values()), 9), *sample(found(), 9)}
    return [scenario for name, scenario in found().items() if name in names]


@pytest.mark.parametrize("scenario", played(), ids=str)
def test_scenario(laboratory: Lab, scenario: Scenario) -> None:
    if why := scenario.obstacle() or scenario.obstacle_on(laboratory.platform):
        pytest.skip(why)
    play(laboratory, scenario)


def test_the_site_is_healthy(lab: Lab) -> None:
    """Itself, and again after it was restored."""
    before = lab.snapshot()
    lab.restore(ipv6=True)
    lab.restore()
    assert before.difference(lab.snapshot()) == []
