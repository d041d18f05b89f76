from textual.pilot import Pilot

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.keys import SITE_KEYS, START_KEYS
from diagnose.tui.screens.actions import ACTIONS
from diagnose.tui.screens.site import SiteScreen
from tests.support.tui_driver import (
    Stage,
    drive,
    notes,
    shown,
)


def test_the_question_mark_shows_where_one_is_and_every_key() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("question_mark")
        sheet = shown(app, "#sheet")
        assert sheet.startswith("You are in the list of findings.")
        for key in (*(site_key.label for site_key in SITE_KEYS), "1 - 4", "Tab"):
            assert any(line.split("  ")[0] == key for line in sheet.splitlines()), key
        await pilot.press("escape", "enter", "f1")
        assert shown(app, "#sheet").startswith("You are in the text.")

    drive(work, Stage())


def test_a_key_that_can_do_nothing_says_why_when_pressed_and_in_the_help() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("j", "y")
        assert isinstance(app.screen, SiteScreen)
        assert any("no commands" in note for note in notes(app))
        await pilot.press("question_mark")
        assert "not now: This finding has no commands" in shown(app, "#sheet")

    drive(work, Stage())


def test_every_key_has_its_action_and_its_words() -> None:
    for one in SITE_KEYS:
        assert hasattr(DiagnoseApp, f"do_{one.name}") if one.app_wide else one.name in ACTIONS
    for one in (*SITE_KEYS, *START_KEYS):
        for lang in ("en", "zh"):
            assert one.hint(lang)
            assert one.description(lang)


def test_the_key_of_the_language_names_the_next_one_in_its_own_words() -> None:
    (key,) = (key for key in SITE_KEYS if key.name == "language")
    assert (key.hint("en"), key.hint("zh")) == ("中文", "English")
    assert key.description("en") == "中文"
