"""A masked report of the server names the same causes as the scenario's own, and the same steps."""

import json

import pytest

from tests.support.effort import ALL, sample

from .lab import Lab
from .scenario import Scenario, found

pytestmark = pytest.mark.lab

#: Of which `make test` plays some: nginx's configuration, its log, an application, rules,
#: certificates.
SAMPLE = (
    "upgrade_headers_missing",
    "https_closed_in_firewalld",
    "iptables_rejects_443",
    "hidden_files_are_denied",
    "one_block_redirects_itself",
    "certificate_expired",
    "nat_leads_to_nothing",
    "others_are_in_sets_and_zones",
)


def scenarios() -> list[Scenario]:
    """A sample; with DIAGNOSE_ALL each that the server can see into."""
    every = found()
    names = list(every) if ALL else [name for name in sample(SAMPLE, 5) if name in every]
    return [every[name] for name in names]


@pytest.mark.parametrize("scenario", scenarios(), ids=str)
def test_the_masked_report_says_the_same(laboratory: Lab, scenario: Scenario) -> None:
    if why := scenario.obstacle() or scenario.obstacle_on(laboratory.platform):
        pytest.skip(why)
    laboratory.restore(ipv6=scenario.ipv6)
    scenario.apply(laboratory)
    masked, text = causes(laboratory, scenario, "--redact")
    assert masked == causes(laboratory, scenario)[0]
    assert "shop.example.com" not in text


Cause = tuple[str, str, list[str]]


def causes(lab: Lab, scenario: Scenario, *words: str) -> tuple[list[Cause], str]:
    """The root causes that the server names, how far each can be mended by a program and by which
    kinds of steps; and all that it says."""
    done = lab.diagnose(lab.server, "--json", *words, *scenario.args, scenario.target)
    named = [
        (load["check"], remedy["applicability"], [step["kind"] for step in remedy["steps"]])
        for load in json.loads(done.stdout)["findings"]
        if load["explained_by"] is None and load["severity"] != "note"
        for remedy in [load["remedy"] or {"applicability": "", "steps": []}]
    ]
    return [cause for cause in named if cause[0] not in scenario.also], done.stdout
