"""The prose of a remedy stands where its page puts it: before the steps, and after them. A note
that another run answers says how."""

from collections.abc import Callable

import pytest

from diagnose.checking.registry import load_check
from diagnose.model import Applicability, Claim, Fix, Manual, Report, Subject, Where, commands
from diagnose.model.view import View
from diagnose.outputs import html, markdown
from diagnose.outputs.text import render
from tests.support.report_builder import WELL, refusal, report

RAISE = Fix((commands.reload_nginx(("nginx",)),))


def limited() -> Report:
    facts = {
        "ports": "443/tcp", "rules": "a rule", "wider": True, "without": "iptables -D INPUT 1",
        "show": "iptables -S",
    }  # fmt: skip
    claim = Claim(about=Subject(port=443), because=(), facts=facts, fix=RAISE)
    return report(raised=((load_check("firewall.rate-limit"), claim),))


@pytest.mark.parametrize("made", [render, markdown.render, html.render])
def test_the_other_way_comes_after_the_steps_of_the_first(
    made: Callable[[Report, View], str],
) -> None:
    page = made(limited(), View())
    first, step, other = "raises its limit:", "nginx -s reload", "The other way removes"
    assert page.index(first) < page.index(step) < page.index(other)
    assert page.count(other) == 1


def refused_page(*causes: str) -> Report:
    fix = Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL)
    facts = {"url": "https://shop.example.com/", "status": 403, "server": "Apache"}
    note = Claim(about=Subject(port=443), because=(), facts=facts, fix=fix)
    raised = [(load_check(cause), refusal()) for cause in causes]
    return report(*WELL, raised=(*raised, (load_check("http.page-refused"), note)))


def test_a_note_that_another_run_answers_says_how() -> None:
    assert "here with `--server ssh://USER@HOST`" in " ".join(
        render(refused_page(), View()).split()
    )


def test_beside_a_cause_a_note_is_its_title_alone() -> None:
    assert "--server" not in render(refused_page("tcp.refused"), View())


def test_what_to_do_about_a_note_is_in_the_verbose_report() -> None:
    assert "--server ssh://USER@HOST" in render(refused_page("tcp.refused"), View(verbosity=1))


def test_a_websocket_that_was_not_tried_can_be_tried() -> None:
    facts = {
        "paths": ("/live",), "path": "/live", "source": "the page", "library": "", "status": "",
        "target": "https://shop.example.com/",
    }  # fmt: skip
    claim = Claim(about=Subject(port=443), because=(), facts=facts)
    made = render(report(*WELL, raised=((load_check("websocket.not-tried"), claim),)), View())
    assert "`diagnose https://shop.example.com/ --ws /live`" in made


@pytest.mark.parametrize("made", [render, markdown.render, html.render])
def test_by_hand_says_enough_of_a_risk_that_nobody_knows(
    made: Callable[[Report, View], str],
) -> None:
    by_hand = report(*WELL, raised=((load_check("tcp.refused"), refusal()),))
    assert "depends on how it is done" not in made(by_hand, View())
    assert "risk" in made(limited(), View())
