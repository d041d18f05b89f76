from textual.pilot import Pilot

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.base import BaseScreen
from diagnose.tui.screens.text_dialog import TextDialog
from diagnose.tui.session import Session
from tests.support.tui_driver import Stage, drive, notes


class Small(BaseScreen):
    """A screen with two actions, of which one cannot be done."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = 0
        self.calls: list[str] = []

    def displays_any(self, sessions: list[Session]) -> bool:
        return True

    def focus_first(self) -> None:
        self.calls.append("focus")

    def draw(self) -> None:
        self.calls.append("draw")
        self.drawn += 1

    def obstacle_key(self, name: str) -> str:
        return "no-fix" if name == "copy" else ""

    def perform(self, name: str) -> None:
        self.calls.append(name)


def test_nothing_is_drawn_before_there_is_a_widget() -> None:
    screen = Small()
    screen.redraw()
    assert screen.calls == []


def test_the_focus_is_set_before_the_screen_is_drawn() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        screen = Small()
        await app.push_screen(screen)
        assert screen.calls[:2] == ["focus", "draw"]
        assert screen.calls.count("focus") == 1

    drive(work, Stage())


def test_it_is_drawn_again_in_another_size_and_when_a_dialog_closes() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        screen = Small()
        await app.push_screen(screen)
        await pilot.pause()
        drawn = screen.drawn
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert screen.drawn > drawn
        await app.push_screen(TextDialog("", ""))
        drawn = screen.drawn
        await pilot.press("escape")
        assert app.screen is screen
        assert screen.drawn > drawn

    drive(work, Stage())


def test_what_can_be_done_is_done_and_what_cannot_says_why_in_the_language() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        screen = Small()
        await app.push_screen(screen)
        screen.action_do("export")
        assert screen.calls[-1] == "export"
        await pilot.pause()
        assert notes(app) == []
        screen.action_do("copy")
        await pilot.pause()
        assert "copy" not in screen.calls
        assert notes(app) == ["这一项没有可复制的步骤。"]

    drive(work, Stage(), lang="zh")
