"""What the screen of one target and the list of them have in common: they draw what they are told
of the sessions, and have keys."""

from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from diagnose.i18n.screen import translate
from diagnose.tui.keys import Key
from diagnose.tui.session import Session

if TYPE_CHECKING:
    from diagnose.tui.app import DiagnoseApp


class BaseScreen(Screen[None]):
    app: "DiagnoseApp"
    KEYS: ClassVar[tuple[Key, ...]] = ()

    ready = False  # all widgets are there

    def on_mount(self) -> None:
        self.ready = True
        self.focus_first()
        self.draw()

    def on_resize(self) -> None:
        self.redraw()

    def on_screen_resume(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """There is something else to be shown."""
        if self.ready:
            self.draw()

    def say(self, key: str, **facts: object) -> str:
        return translate(key, self.app.view.lang, **facts)

    def action_do(self, name: str) -> None:
        """What a key does, or why it does nothing now."""
        if obstacle := self.obstacle_key(name):
            self.notify(self.say(obstacle), severity="warning", markup=False)
        else:
            self.perform(name)

    # Of each of them

    def displays_any(self, sessions: list[Session]) -> bool:
        """Whether any of these is seen here."""
        raise NotImplementedError

    def focus_first(self) -> None:
        """Give the focus to where one begins."""
        raise NotImplementedError

    def draw(self) -> None:
        raise NotImplementedError

    def obstacle_key(self, name: str) -> str:
        """The key of the words that say why an action does nothing now; empty where it does."""
        raise NotImplementedError

    def perform(self, name: str) -> None:
        raise NotImplementedError
