"""What the screen of one target and the list of them have in common: they draw what they are told
of the sessions, and have keys."""

from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from diagnose.i18n.screen import say
from diagnose.tui.keys import Key
from diagnose.tui.session import Session

if TYPE_CHECKING:
    from diagnose.tui.app import DiagnoseApp


class Drawn(Screen[None]):
    app: "DiagnoseApp"
    KEYS: ClassVar[tuple[Key, ...]] = ()

    ready = False  # all widgets are there

    def on_mount(self) -> None:
        self.ready = True
        self.arrive()
        self.draw()

    def on_resize(self) -> None:
        self.happened()

    def on_screen_resume(self) -> None:
        self.happened()

    def happened(self) -> None:
        """There is something else to be shown."""
        if self.ready:
            self.draw()

    def say(self, key: str, **facts: object) -> str:
        return say(key, self.app.view.lang, **facts)

    def action_do(self, name: str) -> None:
        """What a key does, or why it does nothing now."""
        if why := self.why_not(name):
            self.notify(self.say(why), severity="warning", markup=False)
        else:
            self.do(name)

    # Of each of them

    def shows(self, sessions: list[Session]) -> bool:
        """Whether any of these is seen here."""
        raise NotImplementedError

    def arrive(self) -> None:
        """Give the focus to where one begins."""
        raise NotImplementedError

    def draw(self) -> None:
        raise NotImplementedError

    def why_not(self, name: str) -> str:
        """The key of the words that say why an action does nothing now; empty where it does."""
        raise NotImplementedError

    def do(self, name: str) -> None:
        raise NotImplementedError
