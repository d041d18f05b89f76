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
    shown: str = ""
    everywhere: bool = False

    @property
    def label(self) -> str:
        return self.shown or self.key


#: Of one target. The line below the screen has as many of them as it is wide, from the first on.
SITE = (
    Key("r", "again"),
    Key("y", "copy"),
    Key("a", "apply"),
    Key("u", "undo"),
    Key("e", "export"),
    Key("w", "watch"),
    Key("question_mark,f1", "help", "?", everywhere=True),
    Key("q,ctrl+q", "quit", "q", everywhere=True),
    Key("f", "failed"),
    Key("v", "verify"),
    Key("d", "diff"),
    Key("s", "skipped"),
    Key("c", "compare"),
    Key("I", "inside"),
    Key("t", "target", everywhere=True),
    Key("slash", "filter", "/"),
    Key("i", "causes"),
    Key("l", "level"),
    Key("space", "pause", "Space"),
    Key("Y", "copy-report"),
    Key("p", "mask", everywhere=True),
    Key("S", "picture", everywhere=True),
    Key("L", "language", everywhere=True),
    Key("colon,ctrl+p", "palette", ":", everywhere=True),
    Key("Q", "silently", everywhere=True),
    Key("escape", "back", "Esc"),
)

EVERYWHERE = tuple(one for one in SITE if one.everywhere)

#: Of the list of targets.
START = (
    Key("enter", "open", "Enter"),
    Key("r", "again"),
    *EVERYWHERE,
    Key("escape", "back", "Esc"),
)


def bindings(keys: tuple[Key, ...]) -> list[BindingType]:
    """Each key bound to `action_do` of its screen, which knows what cannot be done now, and why."""
    return [
        Binding(one.key, f"{'app.' if one.everywhere else ''}do('{one.name}')", show=False)
        for one in keys
        if one.key != "enter"
    ]
