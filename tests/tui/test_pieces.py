"""What the screen is made of, without a screen."""

import base64
import io
import sys

import pytest

from diagnose import tui
from diagnose.model.events import Concluded, Observed
from diagnose.model.view import View
from diagnose.outputs.terminal import cell_len
from diagnose.tui import dialog_text, header_text, tab_text
from diagnose.tui.clipboard import MAX_ENCODED, osc52_sequence
from diagnose.tui.run_state import RunState, finding_rows
from tests.support.check_evidence import SHOP
from tests.support.report_builder import NAME, healthy, mended

OSC = "\x1b]52;c;" + base64.b64encode(b"nginx -s reload").decode() + "\x07"


def test_the_clipboard_is_asked_by_osc_52() -> None:
    assert osc52_sequence("nginx -s reload", {}) == OSC


def test_tmux_is_given_it_twice_once_for_the_terminal_outside() -> None:
    made = osc52_sequence("nginx -s reload", {"TMUX": "/tmp/tmux-0/default,1,0"})
    assert made is not None
    assert made.startswith(OSC)
    assert made.removeprefix(OSC) == "\x1bPtmux;" + OSC.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def test_what_no_terminal_would_take_is_not_sent() -> None:
    assert osc52_sequence("x" * MAX_ENCODED, {}) is None


def test_chinese_is_sent_as_utf_8() -> None:
    made = osc52_sequence("证书", {})
    assert made is not None
    assert base64.b64decode(made[7:-1]).decode() == "证书"


def test_the_symptoms_are_listed_under_their_cause() -> None:
    assert [(one.check.id, depth) for one, depth in finding_rows(mended())] == [
        ("nginx.door-locked", 0),
        ("tcp.door-shut", 1),
    ]


def test_a_run_under_way_is_shown_as_far_as_it_is() -> None:
    live = RunState(SHOP)
    live.apply(Observed(NAME, 1))
    assert live.report.evidence.observations == (NAME,)
    assert live.report.findings == ()
    live.apply(Concluded(concluded := healthy()))
    assert live.report is concluded


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 0


def sit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a terminal. (Not a fixture: pytest puts its own streams back before the test.)"""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, Terminal())
    monkeypatch.setattr("os.get_terminal_size", lambda _: (80, 24))


def test_a_terminal_gets_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    sit(monkeypatch)
    assert tui.is_usable({"TERM": "xterm-256color"})


@pytest.mark.parametrize("term", ["", "dumb"])
def test_a_terminal_that_can_do_nothing_gets_the_plain_report(
    term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit(monkeypatch)
    assert not tui.is_usable({"TERM": term})


@pytest.mark.parametrize("size", [(59, 24), (80, 17)])
def test_a_small_one_gets_the_plain_report(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sit(monkeypatch)
    monkeypatch.setattr("os.get_terminal_size", lambda _: size)
    assert not tui.is_usable({"TERM": "xterm"})


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_a_pipe_gets_the_plain_report(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sit(monkeypatch)
    monkeypatch.setattr(sys, name, io.StringIO())
    assert not tui.is_usable({"TERM": "xterm"})


def test_over_ssh_less_is_drawn_unless_somebody_wants_more() -> None:
    assert tui.textual_environment({}) == {}
    assert tui.textual_environment({"SSH_CONNECTION": "x"})["TEXTUAL_FPS"] == "15"
    assert "TEXTUAL_FPS" not in tui.textual_environment(
        {"SSH_CONNECTION": "x", "TEXTUAL_FPS": "60"}
    )


# Texts


def test_the_title_has_the_url_and_the_marks_give_way_to_it() -> None:
    marks = ["masked", "", "run 3"]
    assert header_text.title_line("https://a.example/", marks, View(width=40)).split("  ")[0] == (
        "https://a.example/"
    )
    assert header_text.title_line("https://a.example/", marks, View(width=40)).endswith(
        "masked  run 3"
    )
    assert header_text.title_line(f"https://{'a' * 60}/", marks, View(width=40)).endswith("…")
    assert cell_len(header_text.title_line(f"https://{'a' * 60}/", marks, View(width=40))) == 40


@pytest.mark.parametrize(("plain", "marks"), [(False, "▁▄█ "), (True, "_-# ")])
def test_sparks_are_as_high_as_their_values(plain: bool, marks: str) -> None:
    assert header_text.sparkline([0.0, 0.5, 1.0, None], plain)[::2] == marks[::2]
    assert header_text.sparkline([0.0, 0.5, 1.0, None], plain)[3] == " "
    assert header_text.sparkline([0.0, 0.0], plain) == marks[0] * 2


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


def test_two_equal_runs_have_no_difference() -> None:
    text = dialog_text.comparison_text(mended(), mended(), (), View(width=80))
    assert "Nothing is other than it was." in text


def test_a_fix_without_an_edit_changes_no_file() -> None:
    found = mended().findings
    assert dialog_text.fix_diffs(found[0]).startswith("--- /etc/nginx/conf.d/shop.conf")
    assert dialog_text.fix_diffs(found[1]) == ""
