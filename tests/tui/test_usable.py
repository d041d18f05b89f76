"""Where the screen can be shown, and how much it draws (`diagnose.tui`)."""

import io
import sys

import pytest

from diagnose import tui


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
    assert tui.textual_environment(False, {}) == {}
    assert tui.textual_environment(True, {})["TEXTUAL_FPS"] == "15"
    assert "TEXTUAL_FPS" not in tui.textual_environment(True, {"TEXTUAL_FPS": "60"})
