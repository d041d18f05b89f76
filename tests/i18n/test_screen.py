from textual.pilot import Pilot

from diagnose.i18n.messages import Message, Messages
from diagnose.i18n.screen import MESSAGES
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.keys import SITE_KEYS, START_KEYS
from diagnose.tui.screens.start import StartScreen
from tests.support.message_usage import unused
from tests.support.report_builder import healthy
from tests.support.tui_driver import Stage, drive

PLACE = "tui/**/*.py"
#: Of these the key depends on where the focus is.
PANES = {key for key in (message.key for message in MESSAGES) if key.startswith("help.")} - {
    "help.title", "help.panes", "help.tabs", "help.not-now"
}  # fmt: skip


def test_every_message_is_used() -> None:
    assert set(unused(MESSAGES, PLACE)) - PANES == set()


def test_every_place_for_the_focus_has_its_words_and_no_other_has() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("slash")
        await app.push_screen(StartScreen())
        screens = app.screen_stack
        places = {
            f"help.{each.id}" for screen in screens for each in screen.query() if each.can_focus
        }
        assert places == PANES

    drive(work, Stage(healthy()), size=(140, 40))


def test_a_message_that_nobody_uses_is_noticed() -> None:
    keys = ("no-such-key", "key.no-such-key", "title.palette", "export.no-such-form", "log")
    messages = Messages(*(Message(key, "text") for key in keys))
    assert unused(messages, PLACE) == sorted(keys[:-1])


def test_only_keys_have_words_for_the_line_of_keys() -> None:
    names = {key.name for key in (*SITE_KEYS, *START_KEYS)}
    lined = {message.key for message in MESSAGES if message.key.startswith("key.")}
    assert lined == {f"key.{name}" for name in names - {"language"}}
