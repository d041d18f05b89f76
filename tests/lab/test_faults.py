"""Faults that nobody has thought of (`faults.py`): a site that they break is never called healthy,
and one cause is named.

`make test` plays some, the same in each run; `make test-all` plays many.
"""

import re

import pytest

from tests.support.effort import ALL

from . import site
from .faults import MAIN, fault
from .hosts import until
from .lab import Lab
from .report import Report
from .server_faults import SERVERS
from .server_faults import fault as server_fault
from .test_scenarios import say

pytestmark = pytest.mark.lab

NUMBERS = range(400 if ALL else 6)
PROGRAMS = {"apache": "apache2", "caddy": "caddy", "haproxy": "haproxy"}


def visit(lab: Lab) -> tuple[str, str]:
    """What a visitor gets: of the page and of the WebSocket."""
    match = re.search(r" https (.*?), http .*, websocket (.*)", lab.visit())
    assert match
    return match[1], match[2]


def leads_to_a_page(lab: Lab) -> bool:
    argv = ["curl", "-skL", "--max-redirs", "5", "-o", "/dev/null", "-w", "%{http_code}"]
    return lab.client.run([*argv, f"https://{site.NAME}/"]).stdout == "200"


@pytest.mark.parametrize("number", NUMBERS)
def test_a_broken_site_is_not_called_healthy(lab: Lab, number: int) -> None:
    made = fault(number)
    lab.server.write(MAIN, made.main(lab.server.read(MAIN)))
    lab.server.write(site.CONF, made.text)
    lab.stop_nginx()
    lab.try_to_start_nginx()
    judge(lab, made.name)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("number", NUMBERS if ALL else NUMBERS[:2])
def test_a_site_of_another_server_that_is_broken_is_not_called_healthy(
    lab: Lab, server: str, number: int
) -> None:
    played = SERVERS[server]
    if lacking := played.needs():
        pytest.skip(lacking)
    made = server_fault(server, number)
    played.install(lab, made.text)
    if lab.server.run(list(played.command)).returncode == 0:
        until(lambda: bool(lab.server.pids(PROGRAMS[server])), f"{server} runs")
    judge(lab, made.name)


def judge(lab: Lab, name: str) -> None:
    """What a visitor gets decides what may be said."""
    page, websocket = visit(lab)
    done = lab.diagnose(lab.server, "--json", "--timeout", "40", "--ws", "/ws", site.NAME)
    report = Report.of("server", done)
    seen = say(name, f"page {page}, websocket {websocket}", report)
    if page == "200" and websocket == "101":
        assert report.status != "unknown", seen
        return
    # An answer such as 404 may be wanted: then the verdict says that it is the answer. So may be a
    # redirect to a page.
    is_said = page.isdigit() and page in report.document["verdict"]["summary"]
    is_said = is_said or (page.startswith("30") and websocket == "101" and leads_to_a_page(lab))
    assert report.status != "ok" or is_said, seen
    faults = [found for found in report.findings if found["root_cause"]]
    assert len([found for found in faults if found["severity"] == "error"]) <= 1, seen
    assert report.causes or report.status != "critical", seen
