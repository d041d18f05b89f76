"""The base of the site screen and the start screen: both draw sessions and have keys."""

from typing import TYPE_CHECKING, ClassVar

from textual.geometry import Size
from textual.screen import Screen

from diagnose.tui.key_map import remap
from diagnose.tui.keys import Key
from diagnose.tui.session import Session

if TYPE_CHECKING:
    from diagnose.tui.app import DiagnoseApp


class BaseScreen(Screen[None]):
    app: "DiagnoseApp"
    KEYS: ClassVar[tuple[Key, ...]] = ()

    ready = False  # True when all widgets exist
    _drawn_size: Size | None = None
    _was_covered = False

    def on_mount(self) -> None:
        self.ready = True
        self.focus_first()
        self.redraw()

    def on_resize(self) -> None:
        # Textual tells the first size several times.
        if self.size != self._drawn_size:
            self.redraw()

    def on_screen_suspend(self) -> None:
        self._was_covered = True

    def on_screen_resume(self) -> None:
        if self._was_covered:
            self.redraw()

    def redraw(self) -> None:
        """Draw again, because something has changed."""
        if self.ready:
            self._drawn_size = self.size
            self.draw()

    def say(self, key: str, **facts: object) -> str:
        return self.app.say(key, **facts)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys in effect."""
        return remap(self.KEYS, self.app.key_map)

    def action_do(self, name: str) -> None:
        """Do the action of a key, or show why it is disabled."""
        if obstacle := self.obstacle_key(name):
            self.notify(self.say(obstacle), severity="warning", markup=False)
        else:
            self.perform(name)

    # To be implemented by each screen

    def displays_any(self, sessions: list[Session]) -> bool:
        """Return True if this screen shows any of these sessions."""
        raise NotImplementedError

    def focus_first(self) -> None:
        """Set the initial focus."""
        raise NotImplementedError

    def draw(self) -> None:
        raise NotImplementedError

    def obstacle_key(self, name: str) -> str:
        """Return the text key that says why an action is disabled; "" if it is enabled."""
        raise NotImplementedError

    def perform(self, name: str) -> None:
        raise NotImplementedError
