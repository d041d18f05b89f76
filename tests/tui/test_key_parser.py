"""Esc and a key in one piece, as a slow line or tmux sends them, are two keys."""

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.key_parser import KeyParser
from diagnose.tui.screens.text_dialog import TextDialog
from tests.support.tui_driver import Stage, drive, until


def keys(sent: str) -> list[str]:
    """What a parser makes of what came in one piece, after which nothing comes for a while."""
    parser = KeyParser()
    tokens = [*parser.feed(sent), *_later(parser)]
    return [token.key for token in tokens if isinstance(token, Key)]


def _later(parser: KeyParser) -> list[object]:
    """What it makes of it when its patience is over."""
    if parser._timeout_time is not None:
        parser._timeout_time = 0.0
    return list(parser.tick())


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("\x1bj", ["escape", "j"]),
        ("\x1bG", ["escape", "G"]),
        ("\x1b3", ["escape", "3"]),
        ("\x1b/", ["escape", "slash"]),
        ("\x1b?", ["escape", "question_mark"]),
        ("\x1b\r", ["escape", "enter"]),
        ("\x1b[", ["escape", "left_square_bracket"]),
        ("\x1bjk", ["escape", "j", "k"]),
        ("\x1b", ["escape"]),
        ("j", ["j"]),
        ("\x1b[A", ["up"]),
        ("\x1b[Aj", ["up", "j"]),
        ("\x1bf", ["ctrl+right"]),
        ("\x1bj\x1b[A", ["earlier_escape", "j", "up"]),
        ("\x1b\x7f", ["ctrl+w"]),
    ],
)
def test_no_key_is_lost(sent: str, expected: list[str]) -> None:
    assert keys(sent) == expected


def test_escape_in_front_of_a_key_and_a_sequence_is_escape() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("question_mark")
        assert isinstance(app.screen, TextDialog)
        app.post_message(Key("earlier_escape", "\x1b"))
        await until(pilot, lambda: not isinstance(app.screen, TextDialog))

    drive(work, Stage())


def test_f_behind_escape_is_a_command_and_moves_by_words_in_a_line_of_input() -> None:
    stage = Stage()

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("slash", "a", "space", "b", "home")
        app.post_message(Key("ctrl+right", "\x1bf"))
        await until(pilot, lambda: app.screen.query_one(Input).cursor_position > 0)
        assert app.screen.query_one(Input).value == "a b"
        await pilot.press("escape")
        assert len(stage.asked) == 1
        app.post_message(Key("ctrl+right", "\x1bf"))
        await until(pilot, lambda: len(stage.asked) == 2)

    drive(work, stage)
