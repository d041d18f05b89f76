import pytest
from textual.pilot import Pilot

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.text_dialog import TextDialog
from tests.support.tui_driver import Stage, drawn, drive, shown, until


def test_a_text_is_shown_under_its_heading_and_brackets_stay() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await app.push_screen(TextDialog("[b]Copied[/b]", "[red]one[/]\n\x1b[31mtwo\x1b[0m"))
        await pilot.pause()
        assert drawn(app, ".told", 0) == "[b]Copied[/b]"
        assert shown(app, "#sheet") == "[red]one[/]\ntwo"

    drive(work, Stage())


def test_a_long_text_is_scrolled_at_once_and_escape_closes_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        below = app.screen
        await app.push_screen(TextDialog("Keys", "\n".join(map(str, range(100)))))
        await pilot.press("G")
        sheet = app.screen.query_one("#sheet")
        await until(pilot, lambda: sheet.scroll_offset.y > 50)
        await pilot.press("escape")
        assert app.screen is below

    drive(work, Stage())


def test_an_empty_text_can_be_closed_too() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        below = app.screen
        await app.push_screen(TextDialog("", ""))
        assert shown(app, "#sheet") == ""
        await pilot.press("escape")
        assert app.screen is below

    drive(work, Stage())


@pytest.mark.parametrize("opening", ["question_mark", "s", "y", "d"])
@pytest.mark.parametrize("closing", ["escape", "q"])
def test_the_key_that_quits_closes_what_another_key_opened(opening: str, closing: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        below = app.screen
        await pilot.press(opening)
        assert isinstance(app.screen, TextDialog)
        await pilot.press(closing)
        assert app.screen is below
        assert app.return_value is None

    drive(work, Stage())


def test_what_is_copied_by_hand_begins_in_the_first_column() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("y")
        assert app.screen.query_one("#sheet").content_region.x == 0
        await pilot.press("escape", "d")
        assert app.screen.query_one("#sheet").content_region.x == 1

    drive(work, Stage())
