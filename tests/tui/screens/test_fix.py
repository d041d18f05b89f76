import pytest
from textual.pilot import Pilot

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.messages import FixOutput
from diagnose.tui.screens.fix import FixDialog
from tests.support.report_builder import (
    healthy,
    mended,
)
from tests.support.tui_driver import (
    Stage,
    drive,
    notes,
    settled,
    shown,
    until,
)


@pytest.mark.parametrize(("key", "undo"), [("a", False), ("u", True)])
def test_a_fix_is_shown_asked_about_and_looked_at_again(key: str, undo: bool) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        assert isinstance(app.screen, FixDialog)
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        assert "what will be done" in shown(app, "#sheet")
        await pilot.press("y")
        await until(pilot, lambda: "Esc" in shown(app, "#ask"))
        assert "it was done" in shown(app, "#sheet")
        await pilot.press("escape")
        await settled(app, pilot)
        assert "OK" in shown(app, "#head")

    stage = Stage(mended(), healthy())
    drive(work, stage)
    assert stage.fixes == [undo]


def test_of_a_fix_with_many_words_the_last_are_seen() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        assert isinstance(app.screen, FixDialog)
        for number in range(100):
            app.screen.messages.put(FixOutput(f"line {number}\n"))
        sheet = app.screen.query_one("#sheet")
        await until(pilot, lambda: sheet.max_scroll_y > 50 and sheet.is_vertical_scroll_end)

    drive(work, Stage())


def test_the_lines_of_a_fix_are_as_long_as_the_screen_has_room() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        assert stage.fix_width == app.screen.query_one("#sheet").scrollable_content_region.width

    stage = Stage()
    drive(work, stage)


@pytest.mark.parametrize("key", ["n", "escape", "q"])
def test_no_leaves_everything_as_it_is(key: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        await pilot.press(key)
        await until(pilot, lambda: "nothing was done" in shown(app, "#sheet"))

    drive(work, Stage())


def test_nobody_leaves_in_the_middle_of_a_fix() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        await pilot.press("ctrl+q", "ctrl+c")
        assert any("wait until it ends" in note for note in notes(app))
        await pilot.press("n")
        await until(pilot, lambda: "Esc" in shown(app, "#ask"))
        await pilot.press("ctrl+q")

    assert drive(work, Stage()) == "report"


@pytest.mark.parametrize("closing", ["escape", "q"])
def test_what_closes_the_dialog_does_not_end_the_program(closing: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        below = app.screen
        await pilot.press("a")
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        await pilot.press("n")
        await until(pilot, lambda: "goes back" in shown(app, "#ask"))
        await pilot.press(closing)
        assert app.screen is below
        await pilot.press("q")

    assert drive(work, Stage()) == "report"
