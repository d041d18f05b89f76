from collections.abc import Callable

from textual.pilot import Pilot
from textual.widgets import Input

from diagnose.parsers.target import UsageError
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.input_dialog import InputDialog
from tests.support.tui_driver import Stage, drawn, drive, notes


def answers(parse: Callable[[str], str], *keys: str) -> tuple[list[str | None], str, list[str]]:
    """The results of what was typed, what stands in the line if the dialog is still open, and what
    was said of it."""

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        below, dialog = app.screen, InputDialog("[b]Which[/b]?", "ssh://", parse)
        await app.push_screen(dialog, results.append)
        await pilot.pause()
        assert drawn(app, ".told", 0) == "[b]Which[/b]?"
        assert dialog.query_one(Input).placeholder == "ssh://"
        await pilot.press(*keys)
        said.extend(notes(app))
        assert not any(note.markup for note in app._notifications)
        if app.screen is not below:
            lines.append(dialog.query_one(Input).value)

    results: list[str | None] = []
    lines: list[str] = []
    said: list[str] = []
    drive(work, Stage())
    return results, "".join(lines), said


def test_the_result_is_what_was_read_in_the_line_without_blanks_around_it() -> None:
    typed = ("space", "w", "space", "enter")
    assert answers(lambda text: f"<{text}>", *typed) == (["<w>"], "", [])


def test_what_cannot_be_read_is_said_and_can_be_corrected() -> None:
    def parse(text: str) -> str:
        if text == "w":
            raise UsageError("no [red]server[/]")
        return text

    assert answers(parse, "w", "enter") == ([], "w", ["no [red]server[/]"])
    results, line, _ = answers(parse, "w", "enter", "1", "enter")
    assert (results, line) == (["w1"], "")


def test_an_empty_line_is_no_answer() -> None:
    assert answers(str.upper, "space", "enter") == ([], " ", [])


def test_escape_gives_no_result() -> None:
    assert answers(str.upper, "w", "escape") == ([None], "", [])
