"""The two lines that can be clicked: the tabs, and the keys below the screen."""

from collections.abc import Callable, Iterable

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from diagnose.i18n.screen import say
from diagnose.outputs.terminal import cells
from diagnose.tui.keys import Key
from diagnose.tui.tab_text import TABS

_KEY, _DIM = Style(bold=True), Style(dim=True)
_HERE = Style(bold=True, reverse=True)

Part = tuple[str, Style] | str


def _clicked(action: str, style: Style | None = None) -> Style:
    return (style or Style()) + Style.from_meta({"@click": action})


class Tabs(Static):
    """Why, Fix, Evidence, Timeline, Explain, and to the right what can be done with it."""

    def show(self, chosen: str, width: int, lang: str) -> None:
        parts: list[Part] = []
        used = 0
        for number, name in enumerate(TABS, 1):
            here = name == chosen
            words = f"{number} {say(name, lang)}"
            words = f"[{words}]" if here else f" {words} "
            parts.append((words, _clicked(f"screen.tab('{name}')", _HERE if here else _DIM)))
            used += cells(words)
        hints = say("hints.fix", lang) if chosen == "fix" else ""
        if hints and used + cells(hints) + 2 <= width:
            parts += [" " * (width - used - cells(hints)), (hints, _DIM)]
        self.update(Content.assemble(*parts))


class KeyLine(Static):
    """As many keys as the screen is wide; those that can do nothing now are dim."""

    def show(
        self, keys: Iterable[Key], why_not: Callable[[str], str], width: int, lang: str
    ) -> None:
        parts: list[Part] = []
        used = 0
        for one in keys:
            word = say(f"key.{one.name}", lang)
            gap = "  " if parts else " "
            used += len(gap) + cells(one.label) + 1 + cells(word)
            if used > width:
                break
            action = f"{'app' if one.everywhere else 'screen'}.do('{one.name}')"
            idle = bool(why_not(one.name))
            parts.append(gap)
            parts.append((one.label, _clicked(action, _DIM if idle else _KEY)))
            parts.append((f" {word}", _clicked(action, _DIM if idle else None)))
        self.update(Content.assemble(*parts))
