import re
from dataclasses import replace

import pytest

from diagnose.cli import main
from diagnose.cli.option_values import threshold
from diagnose.model import Report
from diagnose.model.threshold import Level
from diagnose.model.tls import Handshake
from diagnose.model.view import View
from diagnose.outputs.nagios import failure_text, plugin_state, plugin_status, render, render_all
from diagnose.parsers.sanitize import UNSAFE
from tests.support.hostile_report import hostile
from tests.support.report_builder import healthy, mended, refused, report

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
        "response_time": "0.054000s;;;0",
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


def judging(**ranges: str) -> View:
    """A view with thresholds: warning=[NAME=]RANGE, critical=[NAME=]RANGE."""
    levels: tuple[Level, ...] = ("warning", "critical")
    parsed = [threshold(level)(ranges[level]) for level in levels if level in ranges]
    return View(hostname="laptop", thresholds=tuple(parsed))


@pytest.mark.parametrize(
    ("made", "ranges", "state"),
    [
        (healthy(), {"warning": "1", "critical": "2"}, 0),
        (healthy(), {"warning": "0.05"}, 1),
        (healthy(), {"warning": "0.05", "critical": "0.053"}, 2),
        (healthy(), {"warning": "certificate_days=90:", "critical": "certificate_days=14:"}, 1),
        (healthy(), {"critical": "certificate_days=@0:62"}, 2),
        (healthy(), {"warning": "time=0.3"}, 1),
        (refused(), {"warning": "1"}, 2),
        (refused(), {"critical": "certificate_days=1:"}, 2),
        (report(), {"warning": "1"}, 3),
    ],
)
def test_a_threshold_makes_the_state_worse(
    made: Report, ranges: dict[str, str], state: int
) -> None:
    view = judging(**ranges)
    assert plugin_state(made, view) == state
    assert render(made, view).startswith(
        f"DIAGNOSE {('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')[state]}"
    )


def test_what_should_be_measured_and_was_not_is_unknown() -> None:
    view = judging(warning="certificate_days=14:")
    made = healthy()
    others = tuple(
        observation
        for observation in made.evidence.observations
        if not isinstance(observation, Handshake)
    )
    plain = Report(replace(made.evidence, observations=others))
    assert plugin_state(plain, view) == 3
    assert "certificate_days was not measured" in render(plain, view)


@pytest.mark.parametrize(
    ("made", "ranges", "beginning"),
    [
        (refused(), {"warning": "1"}, "DIAGNOSE CRITICAL - Port 443 of "),
        (refused(), {"critical": "certificate_days=14:"}, "DIAGNOSE CRITICAL - Port 443 of "),
        (healthy(), {"warning": "0.05"}, "DIAGNOSE WARNING - response_time is 0.054 s, outside"),
        (report(), {"warning": "1"}, "DIAGNOSE UNKNOWN - https://shop.example.com/"),
        (
            healthy(),
            {"warning": "0.05", "critical": "certificate_days=90:"},
            "DIAGNOSE CRITICAL - certificate_days is 61.08, outside 90: - response_time is ",
        ),
    ],
)
def test_what_made_the_state_is_said_first(
    made: Report, ranges: dict[str, str], beginning: str
) -> None:
    assert render(made, judging(**ranges)).startswith(beginning)


@pytest.mark.parametrize("labels", [("time", "tls"), ("tls", "time")])
def test_what_is_known_to_be_bad_is_worse_than_what_was_not_measured(
    labels: tuple[str, str],
) -> None:
    view = View(thresholds=tuple(threshold("critical")(f"{label}=0.1") for label in labels))
    line = render(report(), view)
    assert line.startswith(
        "DIAGNOSE CRITICAL - time is 0.312 s, outside 0.1 - tls was not measured"
    )


def test_the_output_says_which_and_the_data_carry_the_ranges() -> None:
    view = judging(warning="certificate_days=90:", critical="certificate_days=@~:7")
    first, *rest = render(healthy(), view).splitlines()
    assert "certificate_days is 61.08, outside 90:" in first
    assert ";" not in first.partition(" | ")[0]  # Nagios shows it as ":"
    assert "certificate_days=61.08;90:;@~:7;" in first.split()
    assert "certificate_days is 61.08, outside 90:" in rest


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-w", "x"], "takes a range"),
        (["-c", "5:1"], "takes a range"),
        (["-w", "cert=5"], "no measurement"),
        (["-w", "respons_time=5"], "Did you mean response_time"),
    ],
)
def test_a_wrong_range_is_unknown(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["--nagios", "x.example", *words]) == 3
    written = capsys.readouterr()
    assert written.out.startswith("DIAGNOSE UNKNOWN - ")
    assert reason in written.out
    assert written.err == ""  # Icinga would show it in the place of the state


def test_thresholds_are_for_plugins_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--json", "x.example", "-w", "5"]) == 64
    assert "--nagios" in capsys.readouterr().err
