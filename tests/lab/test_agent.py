"""Faults put right by a person who has only the answers of `diagnose mcp`, masked as they are."""

import json

import pytest

from tests.support.effort import ALL

from . import person, site
from .hosts import until
from .lab import SERVER, Lab
from .scenario import found
from .test_scenarios import working

pytestmark = pytest.mark.lab

#: Each fault, and what a manual step of its remedy asks of a person.
FAULTS: dict[str, person.Act | None] = {
    "https_closed_in_firewalld": None,
    "certificate_expired": person.bring_certificate,
    "renewed_and_not_loaded": None,
    "one_block_redirects_itself": None,
    "upgrade_headers_missing": None,
    "application_is_down": person.start_application,
    "server_name_mistyped": None,
    "semicolon_forgotten": None,
    "intermediate_missing": person.append_intermediate,
    "maintenance_file_is_left": None,
    "reload_in_a_single_page_application": None,
    "two_default_servers": None,
    "ufw_without_443": None,
}
#: What `make test` plays: an edit beside a name, a manual step, a command.
SAMPLE = ("server_name_mistyped", "maintenance_file_is_left", "https_closed_in_firewalld")


@pytest.mark.parametrize("name", FAULTS if ALL else SAMPLE)
def test_it_is_put_right_from_the_answer_alone(laboratory: Lab, name: str) -> None:
    scenario = found()[name]
    laboratory.restore(ipv6=scenario.ipv6)
    scenario.apply(laboratory)
    words = iter(scenario.args)
    target = {"target": scenario.target, "ws": [next(words) for word in words if word == "--ws"]}
    answer = person.ask(laboratory, **target)
    assert answer["masked"]
    assert SERVER not in json.dumps(answer)
    assert site.NAME in json.dumps(answer["report"])
    done = person.obey(laboratory, answer, FAULTS[name])
    until(lambda: working(laboratory), f"the remedy works\n{done}\n")
    again = person.ask(laboratory, **target)["report"]
    assert again["verdict"]["status"] == "ok", f"{again['verdict']}\n{done}"


def test_what_a_person_may_type_next_shows_and_heals(lab: Lab) -> None:
    """The commands beside the report: the one shows it, the other puts it right."""
    found()["upgrade_headers_missing"].apply(lab)
    answer = person.ask(lab, target=f"wss://{site.NAME}/ws")
    show, fix = (entry["command"] for entry in answer["next"])
    assert show == f"diagnose wss://{site.NAME}/ws"
    assert SERVER in lab.server.sh(f"{show} -vv", check=False, timeout=60)
    lab.server.sh(f"{fix} --yes", timeout=60)
    lab.check()
