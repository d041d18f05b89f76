"""Servers as people have them (`grown.py`): the healthy one has no finding, and the one that
somebody has broken (`grown_faults.py`) is never called healthy, and one cause is named.

`make test` plays some, the same in each run; `make test-all` plays many.
"""

import random

import pytest

from tests.support.effort import ALL

from . import grown, grown_faults, site
from .lab import Lab
from .report import Report
from .test_scenarios import say

pytestmark = pytest.mark.lab

NAMES = grown.names()
_CHOSEN = random.Random(63)
HEALTHY = NAMES if ALL else _CHOSEN.sample(NAMES, 4)
BROKEN = [
    (name, number)
    for name in (NAMES if ALL else _CHOSEN.sample(NAMES, 6))
    for number in (range(20) if ALL else [_CHOSEN.randrange(20)])
]


def serve(lab: Lab, name: str) -> grown.Grown:
    made = grown.read(name)
    if lacking := grown.lacking(made):
        pytest.skip(lacking)
    grown.serve(lab, made)
    grown.settled(lab, made)
    return made


def ask(lab: Lab, made: grown.Grown, side: str) -> Report:
    websocket = ["--ws", made.websocket] if made.websocket else []
    words = ("--json", "--timeout", "40", *websocket, f"https://{site.NAME}{made.target}")
    return Report.of(side, lab.diagnose(lab.server if side == "server" else lab.client, *words))


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_server_has_no_finding(lab: Lab, name: str) -> None:
    made = serve(lab, name)
    for side in ("server", "client"):
        report = ask(lab, made, side)
        assert not report.complaints, say(name, f"a finding, from the {side}", report)
        assert report.status == "ok", say(name, f"not ok, from the {side}", report)


@pytest.mark.parametrize(("name", "number"), BROKEN)
def test_a_server_that_somebody_broke_is_not_called_healthy(
    lab: Lab, name: str, number: int
) -> None:
    made = serve(lab, name)
    before = grown.visit(lab, made)
    broken = grown_faults.fault(made, number)
    done = grown_faults.break_it(lab, made, broken, number)
    after = grown.visit(lab, made)
    report = ask(lab, made, "server")
    seen = say(f"{name} {number}", f"{broken}, {done}: {after}", report)
    if after == before:
        assert report.status in {"ok", "warning"}, seen
        return
    # Another page may be wanted, and so may an answer such as 403: then the verdict says it.
    status = after.page.split()[0]
    is_said = status in report.document["verdict"]["summary"] or status == "200"
    is_open = after.websocket == before.websocket
    assert report.status != "ok" or (is_said and is_open), seen
    causes = [found for found in report.findings if found["root_cause"]]
    assert len([found for found in causes if found["severity"] == "error"]) <= 1, seen
    assert report.causes or report.status != "critical", seen
