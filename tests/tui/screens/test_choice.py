from textual.pilot import Pilot

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.choice import ChoiceDialog
from tests.support.tui_driver import Stage, drawn, drive

CHOICES = (("json", "JSON"), ("md", "[red]Markdown[/]"), ("svg", "Picture"))


def chosen(*keys: str) -> str | None:
    """What comes of the keys; the dialog is closed then."""

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        below = app.screen
        await app.push_screen(ChoiceDialog("Export as", CHOICES), results.append)
        await pilot.press(*keys)
        assert app.screen is below

    results: list[str | None] = []
    drive(work, Stage())
    (result,) = results
    return result


def test_the_first_is_chosen_at_the_beginning() -> None:
    assert chosen("enter") == "json"


def test_arrows_and_keys_of_vi_choose_another() -> None:
    assert chosen("j", "enter") == "md"
    assert chosen("G", "up", "enter") == "md"
    assert chosen("G", "k", "g", "G", "enter") == "svg"


def test_escape_and_q_choose_none() -> None:
    assert chosen("j", "escape") is None
    assert chosen("j", "q") is None


def test_brackets_are_shown_as_they_are() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await app.push_screen(ChoiceDialog("[b]Which[/b]", CHOICES))
        await pilot.pause()
        assert drawn(app, ".told", 0) == "[b]Which[/b]"
        assert drawn(app, "#choices", 1).strip() == "[red]Markdown[/]"

    drive(work, Stage())
