"""The two clickable lines: the tabs, and the keys at the bottom of the screen."""

from collections.abc import Callable, Iterable, Sequence

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from diagnose.i18n.screen import translate
from diagnose.outputs.terminal import cell_len
from diagnose.tui.keys import Key
from diagnose.tui.tab_text import TABS

_KEY, _DIM = Style(bold=True), Style(dim=True)
_ACTIVE = Style(bold=True, reverse=True)

Part = tuple[str, Style] | str


def _clickable(action: str, style: Style | None = None) -> Style:
    return (style or Style()) + Style.from_meta({"@click": action})


class Bar(Static):
    """A line that is drawn only when it changes."""

    _shown_parts: tuple[Part, ...] = ()

    def show_parts(self, parts: list[Part]) -> None:
        if tuple(parts) != self._shown_parts:
            self._shown_parts = tuple(parts)
            self.update(Content.assemble(*parts), layout=False)


class TabBar(Bar):
    """The tabs, and on the right hints for the chosen one."""

    def show(self, chosen: str, width: int, lang: str, answer_hints: Sequence[str]) -> None:
        parts: list[Part] = []
        used = 0
        for number, name in enumerate(TABS, 1):
            is_active = name == chosen
            label = f"{number} {translate(name, lang)}"
            label = f"[{label}]" if is_active else f" {label} "
            parts.append(
                (label, _clickable(f"screen.tab('{name}')", _ACTIVE if is_active else _DIM))
            )
            used += cell_len(label)
        visible = [*answer_hints] if chosen == "answer" else []
        while visible and used + cell_len("  ".join(visible)) + 2 > width:
            visible.pop()
        if hints := "  ".join(visible):
            parts += [" " * (width - used - cell_len(hints)), (hints, _DIM)]
        self.show_parts(parts)


class KeyBar(Bar):
    """As many keys as fit on the screen; disabled ones are dim."""

    def show(
        self, keys: Iterable[Key], why_not: Callable[[str], str], width: int, lang: str
    ) -> None:
        parts: list[Part] = []
        used = 0
        for key in keys:
            hint = key.hint(lang)
            gap = "  " if parts else " "
            used += len(gap) + cell_len(key.label) + 1 + cell_len(hint)
            if used > width:
                break
            action = f"{'app' if key.app_wide else 'screen'}.do('{key.name}')"
            idle = bool(why_not(key.name))
            parts.append(gap)
            parts.append((key.label, _clickable(action, _DIM if idle else _KEY)))
            parts.append((f" {hint}", _clickable(action, _DIM if idle else None)))
        self.show_parts(parts)
