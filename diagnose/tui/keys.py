"""The keys: one table for the bindings, the key bar, the help and the palette. A configuration file
may change it (`diagnose.tui.key_map`)."""

from typing import TYPE_CHECKING

from diagnose.i18n import LANGUAGES, next_language
from diagnose.i18n.screen import translate
from diagnose.model.frozen import frozen

if TYPE_CHECKING:
    from textual.binding import BindingType


@frozen
class Key:
    """A key. `key` is Textual's name for it, `name` names the action and its texts, `display` is
    the label. `app_wide` keys are handled by the application on every screen."""

    key: str
    name: str
    display: str = ""
    app_wide: bool = False

    @property
    def label(self) -> str:
        return self.display or self.key

    def hint(self, lang: str) -> str:
        """Return the action in a word or two, for the key bar."""
        return self._text("key", lang)

    def description(self, lang: str) -> str:
        """Return what the action does, for the help and the palette."""
        return self._text("does", lang)

    def _text(self, kind: str, lang: str) -> str:
        if self.name == "language":
            return LANGUAGES[next_language(lang)].name
        return translate(f"{kind}.{self.name}", lang)


#: The keys on the screen of one target. The key bar shows as many of them as fit, from the first.
SITE_KEYS = (
    Key("r", "again"),
    Key("y", "copy"),
    Key("a", "apply"),
    Key("u", "undo"),
    Key("e", "export"),
    Key("w", "watch"),
    Key("question_mark,f1", "help", "?", app_wide=True),
    Key("q,ctrl+q", "quit", "q", app_wide=True),
    Key("f", "failed"),
    Key("v", "verify"),
    Key("d", "diff"),
    Key("s", "skipped"),
    Key("c", "compare"),
    Key("I", "inside"),
    Key("t", "target", app_wide=True),
    Key("slash", "filter", "/"),
    Key("i", "causes"),
    Key("o", "layers"),
    Key("l", "level"),
    Key("space", "pause", "Space"),
    Key("Y", "copy-report"),
    Key("p", "mask", app_wide=True),
    Key("S", "picture", app_wide=True),
    Key("L", "language", app_wide=True),
    Key("colon,ctrl+p", "palette", ":", app_wide=True),
    Key("Q", "silently", app_wide=True),
    Key("escape", "back", "Esc"),
)

APP_KEYS = tuple(key for key in SITE_KEYS if key.app_wide)

#: The keys on the list of targets.
START_KEYS = (
    Key("enter", "open", "Enter"),
    Key("r", "again"),
    *APP_KEYS,
    Key("escape", "back", "Esc"),
)


def closing_bindings(action: str) -> "list[BindingType]":
    """Bind the keys that close a dialog. The key that quits closes it too: it never ends the
    program from there."""
    from textual.binding import Binding

    return [Binding("escape", action, show=False, id="back"),
            Binding("q", action, show=False, id="quit")]  # fmt: skip


def bindings(keys: tuple[Key, ...]) -> "list[BindingType]":
    """Bind each key to `action_do` of its screen, which knows which actions are disabled and why.
    The id of a binding is the name of its action: a map of keys (`App.set_keymap`) names it."""
    from textual.binding import Binding

    return [
        Binding(
            key.key,
            f"{'app.' if key.app_wide else ''}do('{key.name}')",
            show=False,
            id=key.name,
        )
        for key in keys
        if key.key != "enter"
    ]
