import re

import pytest

from diagnose.model.view import View
from diagnose.outputs.nagios import failure_text, plugin_status, render, render_all
from diagnose.parsers.sanitize import UNSAFE
from tests.support.hostile_report import hostile
from tests.support.report_builder import healthy, mended, refused

VIEW = View(hostname="laptop", privileged=False)

#: The guidelines' form of one value: 'label'=value[UOM];[warn];[crit];[min];[max].
VALUE = re.compile(r"\w+=-?\d+(\.\d+)?s?;;;0?")


def test_a_healthy_site_is_one_line_with_its_numbers() -> None:
    line, target = render(healthy(), VIEW).splitlines()
    text, data = line.split(" | ")
    assert text.startswith("DIAGNOSE OK - https://shop.example.com/ is healthy")
    assert all(VALUE.fullmatch(value) for value in data.split())
    assert dict(value.split("=") for value in data.split()) == {
        "time": "0.312000s;;;0",
        "resolve": "0.002000s;;;0",
        "connect": "0.003000s;;;0",
        "tls": "0.040000s;;;0",
        "processing": "0.009000s;;;0",
        "certificate_days": "61.08;;;",
    }
    assert target == "https://shop.example.com/: ok"


def test_the_cause_and_its_commands_follow() -> None:
    first, _, cause, command = render(mended(), VIEW).splitlines()
    assert first.startswith("DIAGNOSE CRITICAL - ")
    assert cause.startswith("error nginx.door-locked: nginx listens on")
    assert command.startswith("$ ")


def test_several_targets_have_the_state_of_the_worst() -> None:
    first = render_all([(healthy(), VIEW), (refused(), VIEW)]).splitlines()[0]
    assert first.startswith("DIAGNOSE CRITICAL (2 targets) - ")
    assert {"time=0.312000s;;;0", "1_time=0.312000s;;;0"} <= set(first.split())


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a|b=1", "a\u202eb", "a\nb"])
def test_what_a_server_sends_adds_no_line_and_no_value(text: str) -> None:
    output = render(hostile(text), View())
    assert not UNSAFE.search(output.replace("\n", ""))
    first, *rest = output.splitlines()
    assert all(VALUE.fullmatch(value) for value in first.partition(" | ")[2].split())
    assert not any("|" in line for line in rest)


@pytest.mark.parametrize(
    ("status", "expected"), [(0, 0), (1, 1), (2, 2), (3, 3), (64, 3), (70, 3), (130, 3)]
)
def test_a_plugin_has_four_states(status: int, expected: int) -> None:
    assert plugin_status(status) == expected


def test_what_could_not_begin_is_unknown() -> None:
    assert failure_text("No such\noption | x") == "DIAGNOSE UNKNOWN - No such option ¦ x\n"
