"""The keys: one table for what is pressed, for the line below the screen, the help and the
palette."""

from textual.binding import Binding, BindingType

from diagnose.model.frozen import frozen


@frozen
class Key:
    """`key` as Textual calls it, `name` of the action and of its words, `shown` as people call it.
    `everywhere` is what the application does, whatever screen is up."""

    key: str
    name: str
    display: str = ""
    app_wide: bool = False

    @property
    def label(self) -> str:
        return self.display or self.key


#: Of one target. The line below the screen has as many of them as it is wide, from the first on.
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

#: Of the list of targets.
START_KEYS = (
    Key("enter", "open", "Enter"),
    Key("r", "again"),
    *APP_KEYS,
    Key("escape", "back", "Esc"),
)


def bindings(keys: tuple[Key, ...]) -> list[BindingType]:
    """Each key bound to `action_do` of its screen, which knows what cannot be done now, and why."""
    return [
        Binding(key.key, f"{'app.' if key.app_wide else ''}do('{key.name}')", show=False)
        for key in keys
        if key.key != "enter"
    ]
