import re
from dataclasses import replace

import pytest

from diagnose.checking.root_cause import findings
from diagnose.model import Applicability, Claim, Command, Effect, Finding, Fix, Ignore, Subject
from diagnose.model.events import Wait
from diagnose.model.view import View
from diagnose.tui import tab_text
from tests.support.report_builder import (
    ADDRESS,
    ANSWER,
    NAME,
    NO_IPV6,
    OPEN,
    SECURE,
    check,
    healthy,
    mended,
    refusal,
    report,
)
from tests.support.vantage_evidence import LAPTOP, point, visit


def test_the_short_timeline_has_a_line_for_each_layer_that_was_looked_at() -> None:
    made = tab_text.new_page(View(width=30))
    tab_text.add_layer_bars(made, healthy(), View(width=30))
    assert [line.split()[0] for line in made.lines[:-1]] == ["DNS", "TCP", "TLS", "HTTP"]
    assert made.lines[-1].split() == ["0", "60", "ms"]


def test_the_strip_leaves_the_times_out_before_it_takes_a_third_line() -> None:
    assert "ms" in tab_text.strip_text(healthy(), View(width=80))
    narrow = tab_text.strip_text(healthy(), View(width=32))
    assert "ms" not in narrow
    assert narrow.count("\n") == 2


def test_what_other_places_got_stands_on_the_screen() -> None:
    seen = report(NAME, NO_IPV6, OPEN, SECURE, ANSWER, point(), visit(address=ADDRESS))
    shown = tab_text.render_tab("why", seen, None, View(width=120), running=False)
    assert f"from here: {ADDRESS}: answered 200" in shown
    assert f"from {LAPTOP}: {ADDRESS}: answered 200" in shown


@pytest.mark.parametrize(("lang", "word"), [("en", "ignored"), ("zh", "已忽略")])
def test_what_is_ignored_says_so_in_the_list(lang: str, word: str) -> None:
    (finding,) = findings(((check("tcp.refused"), refusal()),), (Ignore("tcp.refused"),))
    assert tab_text.finding_line(finding, 0, View(lang=lang, width=100)).endswith(word)


def test_while_it_runs_what_is_waited_for_stands_in_the_place_of_the_answer() -> None:
    waits = tuple(Wait("connection", f"192.0.2.{number}", 443, 3.0, 8.0) for number in range(20))
    report, view = replace(healthy(), running=True), View(width=60)
    shown = tab_text.render_tab("answer", report, None, view, True, waits).splitlines()
    assert shown[0] == "TCP 443 on 192.0.2.0: waiting, 3 of 8 s"
    assert len(shown) == 8
    without = tab_text.render_tab("answer", report, None, view, True)
    assert without.splitlines() == ["5 observations so far. The verdict comes at the end."]


def test_a_long_command_to_be_selected_by_hand_is_continued_as_a_shell_reads_it() -> None:
    command = Command(("nginx", "-p", "/srv/" + "shop/" * 9, "-s", "reload"), Effect.CHANGE)
    fix = Fix((command,), Applicability.AUTOMATIC)
    claim = Claim(about=Subject(port=443), because=(), fix=fix)
    finding = Finding("f1", check("listener.missing"), claim)
    text = tab_text.step_commands(finding)
    folded = tab_text.step_commands(finding, 60)
    assert max(map(len, folded.split("\n"))) <= 60
    assert text.count("\n") == 1
    assert re.sub(r" \\\n +", " ", folded) == text


@pytest.mark.parametrize(("lang", "head"), [("en", "NEXT"), ("zh", "下一步")])
def test_the_answer_ends_with_the_commands_to_type(lang: str, head: str) -> None:
    found, view = mended(), View(lang=lang, width=60)
    (cause,) = found.causes
    shown = tab_text.render_tab("answer", found, cause, view, False)
    lines = [line.strip() for line in shown.split(f"\n{head}")[1].splitlines()]
    commands = [line for line in lines if line.startswith("$")]
    assert commands == [
        "$ diagnose fix https://shop.example.com/",
        "$ diagnose https://shop.example.com/ --only tcp",
        "$ diagnose explain nginx.door-locked",
    ]


def test_what_a_fix_is_begins_beside_its_heading() -> None:
    found = mended()
    (cause,) = found.causes
    for width in (40, 60, 120):
        view = View(width=width)
        lines = tab_text.render_tab("answer", found, cause, view, False).splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("FIX"))
        assert lines[start].startswith("FIX  safe to run as it stands")
        remark = " ".join(line.strip() for line in lines[start : start + 3])
        assert "risk: " in remark
        assert max(map(len, lines[start : start + 3])) <= width


def test_a_symptom_has_no_commands_of_its_own() -> None:
    found = mended()
    (symptom,) = (finding for finding in found.findings if finding.is_symptom)
    assert "NEXT" not in tab_text.render_tab("answer", found, symptom, View(width=60), False)


def test_a_command_stands_once_in_the_evidence() -> None:
    found = mended()
    (cause,) = found.causes
    seen = replace(OPEN, equivalent="nc -vz 203.0.113.10 443")
    claim = replace(cause.claim, because=(seen, replace(seen, port=80), replace(seen, port=81)))
    text = tab_text.render_tab("evidence", found, replace(cause, claim=claim), View(), False)
    assert text.count("$ nc -vz 203.0.113.10 443") == 1
    assert text.count(" ms + ") == 3
