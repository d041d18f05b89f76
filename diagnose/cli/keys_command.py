"""`diagnose keys`: the keys of the screen, and their names in the configuration."""

from collections.abc import Mapping

from diagnose.i18n.screen import translate
from diagnose.model.view import View
from diagnose.outputs.terminal import cell_len, wrap
from diagnose.tui.key_map import label, remap
from diagnose.tui.keys import SITE_KEYS, Key

#: The widest line in cells.
_WIDTH = 80


def render(view: View, key_map: Mapping[str, str]) -> str:
    """Return a line for each action: its keys, its name, what it does. `key_map` are the keys that
    the configuration gives to actions."""
    keys = remap(SITE_KEYS, key_map)
    rows = [(_labels(key), key.name, key.description(view.lang)) for key in keys]
    rows += [
        ("1 - 4", "", translate("help.tabs", view.lang)),
        ("Tab", "", translate("help.panes", view.lang)),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines: list[str] = []
    for labels, name, description in rows:
        start = f"{labels:{widths[0]}}  {name:{widths[1]}}  "
        first, *following_lines = wrap(description, _WIDTH - cell_len(start))
        lines += [start + first, *(" " * len(start) + line for line in following_lines)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _labels(key: Key) -> str:
    """Return every key of an action, as people read them."""
    first, *other_keys = key.key.split(",")
    return ", ".join([key.display or label(first), *map(label, other_keys)])
