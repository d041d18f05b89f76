"""The keys that a configuration file gives to actions. No Textual here: a run without the screen
checks them too."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from diagnose.parsers.target import UsageError
from diagnose.tui.keys import SITE_KEYS, Key

#: The actions whose keys can be chosen.
ACTION_NAMES = tuple(key.name for key in SITE_KEYS)

#: Keys that have a name in every terminal, and their labels.
_NAMED_KEYS = {"space": "Space", "escape": "Esc", "insert": "Ins", "delete": "Del", "home": "Home",
               "end": "End"}  # fmt: skip
#: Keys that move and choose on every screen.
_FIXED_KEYS = frozenset("1234jkgG")
# Ctrl-C and Ctrl-Q always work; a terminal sends the others also for Backspace, Tab and Enter.
_FIXED_CONTROL_KEYS = frozenset(f"ctrl+{letter}" for letter in "cqhijm")
#: Keys that a line to type in needs, besides the characters.
_TYPED_KEYS = frozenset({"space", "comma", "delete", "home", "end"})
_KEY_HELP = "a character, f1 to f12, ctrl+ and a letter, " + ", ".join(_NAMED_KEYS)


def parse_key(text: str) -> str:
    """Return a key by its name in Textual. Raise UsageError for what is no key, or not free."""
    name = text if len(text) == 1 else text.lower()
    is_key = re.fullmatch(r"[!-~]|f([1-9]|1[0-2])|ctrl\+[a-z]", name) or name in _NAMED_KEYS
    if not is_key:
        raise UsageError(f"{text!r} is no key: {_KEY_HELP}.")
    if name in _FIXED_KEYS | _FIXED_CONTROL_KEYS:
        raise UsageError(f"{text!r} has a fixed meaning on the screen.")
    return "comma" if name == "," else name  # a comma stands between keys


def parse_keys(action: str, texts: Iterable[str]) -> str:
    """Return the keys of an action as Textual writes them. Raise UsageError."""
    names = [parse_key(text) for text in texts]
    if not names:
        raise UsageError("an action needs a key.")
    if action == "back" and any(len(name) == 1 or name in _TYPED_KEYS for name in names):
        raise UsageError("this key is for typing, and 'back' has to leave what is typed.")
    if action in {"quit", "back"} and {"y", "n"} & {*names}:
        raise UsageError("'y' and 'n' answer the question of a fix.")
    return ",".join(dict.fromkeys(names))


def conflict(key_map: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return an action of the map, a key of it, and the other action that has the key; None if no
    key has two actions."""
    owners: dict[str, list[str]] = {}
    for key in remap(SITE_KEYS, key_map):
        for name in key.key.split(","):
            owners.setdefault(_LONG_NAMES.get(name, name), []).append(key.name)
    for name, actions in owners.items():
        if len(actions) > 1:
            chosen = sorted(actions, key=lambda action: action not in key_map)
            return chosen[0], _SHORT_NAMES.get(name, name), chosen[1]
    return None


#: Textual's names of the characters that the table of keys uses.
_LONG_NAMES = {"?": "question_mark", "/": "slash", ":": "colon"}
_SHORT_NAMES = {long: short for short, long in _LONG_NAMES.items()} | {"comma": ","}


def remap(keys: tuple[Key, ...], key_map: Mapping[str, str]) -> tuple[Key, ...]:
    """Return a table of keys as the map changes it."""
    return tuple(
        replace(key, key=key_map[key.name], display=label(key_map[key.name].split(",")[0]))
        if key.name in key_map
        else key
        for key in keys
    )


def label(key: str) -> str:
    """Return a key as people read it."""
    if key.startswith("ctrl+"):
        return f"^{key[-1]}"
    if len(key) > 1 and key[0] == "f":
        return key.upper()
    return _NAMED_KEYS.get(key) or _SHORT_NAMES.get(key, key)


def key_facts(keys: Iterable[Key]) -> dict[str, str]:
    """Return the labels of keys as the texts name them: {key_watch}."""
    return {f"key_{key.name.replace('-', '_')}": key.label for key in keys}
