"""Remedies on the same configuration, written in other ways: named, cured as printed or by
`diagnose fix` back to the byte, and links and modes kept."""

import pytest

from tests.support.effort import sample

from .hosts import until
from .lab import Lab
from .layouts import NAMES, lay_out
from .report import carry_out
from .scenario import Scenario, found
from .state import Snapshot
from .test_scenarios import assert_healthy, fixed_and_undone, look, say, working

pytestmark = pytest.mark.lab

#: Faults whose remedy edits a file in another way each: a line is changed, added after another, at
#: the beginning or the end of a block, before a block, repeated from outside away. No fault
#: is known by visitors' requests: nginx is restarted, and what was logged before does not count.
SCENARIOS = (
    "host_is_the_applications_address",
    "headers_wiped_by_the_location",
    "path_stripped_by_a_slash",
    "every_page_asks_for_an_upgrade_and_there_is_no_map",
    "cable_like_with_neither_host_nor_scheme",
    "websockets_over_http_1_0",
    "slash_of_an_interface_that_does_not_know_its_folder",
    "add_header_in_place_of_proxy_set_header",
    "patience_in_milliseconds",
    "header_for_cors_is_not_inherited",
    "ssl_forgotten",
    "tls_1_0_still_offered",
)


def written() -> list[tuple[str, str]]:
    pairs = [(name, layout) for name in SCENARIOS for layout in NAMES]
    return sample(pairs, 4)


def shape(snapshot: Snapshot) -> dict[str, tuple[int, int]]:
    """What each path of nginx's is, and its mode."""
    files = snapshot.files.items()
    return {
        path: (entry.kind, entry.mode) for path, entry in files if path.startswith("/etc/nginx")
    }


@pytest.mark.parametrize(("name", "layout"), written())
def test_layout(laboratory: Lab, name: str, layout: str) -> None:
    lab, scenario = laboratory, found()[name]
    lab.restore(ipv6=scenario.ipv6)
    scenario.apply(lab)
    was_working = working(lab)
    lay_out(lab, layout)
    lab.restart_nginx()
    assert working(lab) is was_working, "another way to write the same"
    heal(lab, scenario)


def heal(lab: Lab, scenario: Scenario) -> None:
    faulty = lab.snapshot()
    report = look(lab, scenario, sides=("server",))["server"]
    assert report.causes == [scenario.server], report
    if report.automatic:
        fixed_and_undone(lab, scenario, faulty)
    done = carry_out(lab, report.steps())
    assert any(step["kind"] == "edit" for step in report.steps()), say("no edit", report)
    until(lambda: working(lab), f"the cure works\n{done}\n")
    assert shape(lab.snapshot()) == shape(faulty), done
    assert_healthy(look(lab, scenario, sides=("server",))["server"], "after", done)
