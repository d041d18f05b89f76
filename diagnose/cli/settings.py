"""What configuration files say, validated: each value with the file and the key it stands under.

The values are those of the options, and the options' own parsers read them. A key that is not
known, and a value of another type, is a `UsageError` with the file, the line and a suggestion.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from diagnose.cli import option_values as values
from diagnose.cli.config_file import ConfigFile, read_files
from diagnose.i18n import LANGUAGES
from diagnose.model.frozen import frozen
from diagnose.parsers.target import UsageError, parse_target, suggestion

#: Where a value stands: the keys, and numbers in arrays, that lead to it.
KeyPath = tuple[str | int, ...]

_IGNORE_KEYS = ("check", "until", "reason")
#: Lines. The line of a key is not searched in longer files.
_MAX_LINES = 1000


@frozen(eq=False)
class Setting:
    """A value of a file."""

    value: Any
    file: ConfigFile
    path: KeyPath

    @property
    def line(self) -> int | None:
        """Return the line on which its key stands, if that can be found."""
        return line_of(self.file.text, self.path)


@frozen(eq=False)
class Settings:
    """The settings of all files. `options` are values of options by the name of the option,
    `targets` the groups by name, `servers` those to look inside by host name, `keys` those of the
    screen by action (`diagnose.tui.key_map`)."""

    files: tuple[ConfigFile, ...] = ()
    options: Mapping[str, Setting] = {}
    targets: Mapping[str, Setting] = {}
    servers: Mapping[str, Setting] = {}
    ignores: tuple[Setting, ...] = ()
    keys: Mapping[str, Setting] = {}


def load_settings(choice: str | None) -> Settings:
    """Read the files that count (`diagnose.cli.config_file.candidates`). Raise UsageError."""
    settings = Settings()
    for file in read_files(choice):
        settings = _merge(settings, _settings(file))
    if settings.keys:
        _check_conflict(settings.keys)
    return settings


def _merge(settings: Settings, later: Settings) -> Settings:
    """Return both; of two values under one key that of the later file counts."""
    return Settings(
        (*settings.files, *later.files),
        {**settings.options, **later.options},
        {**settings.targets, **later.targets},
        {**settings.servers, **later.servers},
        (*settings.ignores, *later.ignores),
        {**settings.keys, **later.keys},
    )


def _settings(file: ConfigFile) -> Settings:
    _check_keys(file, (), file.table, (*_OPTIONS, "targets", "servers", "ignore", "keys"))
    return Settings(
        (file,),
        {key: _option(file, key) for key in _OPTIONS if key in file.table},
        _table(file, "targets", _group),
        {
            _host(setting, name): setting
            for name, setting in _table(file, "servers", _server).items()
        },
        tuple(_ignores(file)),
        _keys(file) if "keys" in file.table else {},
    )


def _check_keys(
    file: ConfigFile, path: KeyPath, table: Mapping[str, Any], known_keys: tuple[str, ...]
) -> None:
    for key in table:
        if key not in known_keys:
            hint = suggestion(key, known_keys) or f" There are {', '.join(known_keys)}."
            raise _error(file, (*path, key), f"there is no such key.{hint}")


def _error(file: ConfigFile, path: KeyPath, message: str) -> UsageError:
    line = line_of(file.text, path)
    return UsageError(f"{file.path}:{f'{line}:' if line else ''} {key_text(path)}: {message}")


def key_text(path: KeyPath) -> str:
    """Return a key as people write it: targets.shop, ignore[2].until (counted from 1)."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def _parse_setting(file: ConfigFile, path: KeyPath, parse: Callable[[], Any]) -> Setting:
    try:
        return Setting(parse(), file, path)
    except UsageError as error:
        raise _error(file, path, str(error)) from None
    except (ValueError, OverflowError):  # a path with a NUL, a number of thousands of digits
        raise _error(file, path, "this cannot be a value.") from None


def _check_type(file: ConfigFile, path: KeyPath, value: Any, *kinds: type) -> Any:
    """Return the value if its type is right. True is no number."""
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        expected_types = " or ".join(dict.fromkeys(_TYPE_NAMES[kind] for kind in kinds))
        name = _TYPE_NAMES.get(type(value), type(value).__name__)
        raise _error(file, path, f"it has to be {expected_types}, not {name}.")
    return value


_TYPE_NAMES: Mapping[type, str] = {
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "an array",
    dict: "a table",
    date: "a date",
    datetime: "a time",
}


# Options


def _path_beside(file: ConfigFile, text: str) -> str:
    """Return a readable file; a relative path is beside the configuration file."""
    path = Path(text).expanduser() if text.startswith("~") else Path(text)
    return values.readable_file(str(Path(file.path).absolute().parent / path))


_OPTIONS: Mapping[str, tuple[tuple[type, ...], Callable[[ConfigFile, Any], Any]]] = {
    "lang": ((str,), lambda _, text: values.choice("lang", *LANGUAGES)(text)),
    "timeout": ((int, float), lambda _, seconds: values.timeout(str(seconds))),
    "resolver": ((str,), lambda _, text: values.address(text)),
    "cafile": ((str,), _path_beside),
}
#: The names of the options that a file may set.
OPTION_NAMES = tuple(_OPTIONS)


def _option(file: ConfigFile, key: str) -> Setting:
    kinds, parse = _OPTIONS[key]
    value = _check_type(file, (key,), file.table[key], *kinds)
    return _parse_setting(file, (key,), lambda: parse(file, value))


# Tables


def _table(
    file: ConfigFile, name: str, read: Callable[[ConfigFile, KeyPath, Any], Setting]
) -> dict[str, Setting]:
    table = _check_type(file, (name,), file.table.get(name, {}), dict)
    return {key: read(file, (name, key), value) for key, value in table.items()}


def _group(file: ConfigFile, path: KeyPath, value: Any) -> Setting:
    targets = _check_type(file, path, value, list, str)
    words = [targets] if isinstance(targets, str) else targets
    for number, word in enumerate(words):
        _check_type(file, (*path, number), word, str)
    if not words or not all(word.strip() for word in words):
        raise _error(file, path, "a group has to name its targets.")
    return Setting(tuple(words), file, path)


def _server(file: ConfigFile, path: KeyPath, value: Any) -> Setting:
    text = _check_type(file, path, value, str)
    return _parse_setting(file, path, lambda: values.server_url(text))


def _host(setting: Setting, name: str) -> str:
    """Return a host name as targets have it: in lower case, IDNA-encoded."""
    return str(_parse_setting(setting.file, setting.path, lambda: parse_target(name).host).value)


def _ignores(file: ConfigFile) -> Iterable[Setting]:
    tables = _check_type(file, ("ignore",), file.table.get("ignore", []), list)
    return [_ignore(file, ("ignore", number), table) for number, table in enumerate(tables)]


def _ignore(file: ConfigFile, path: KeyPath, value: Any) -> Setting:
    table = _check_type(file, path, value, dict)
    _check_keys(file, path, table, _IGNORE_KEYS)
    if "check" not in table:
        raise _error(file, path, 'it has to name a check: check = "tcp.refused".')
    argument = _ignore_argument(file, path, table)
    return _parse_setting(file, path, lambda: values.ignore(argument))


def _ignore_argument(file: ConfigFile, path: KeyPath, table: Mapping[str, Any]) -> str:
    """Return the table as an argument of --ignore."""
    check = _check_type(file, (*path, "check"), table["check"], str)
    reason = _check_type(file, (*path, "reason"), table.get("reason", ""), str)
    until = _check_type(file, (*path, "until"), table.get("until", ""), str, date)
    if isinstance(until, datetime):
        raise _error(file, (*path, "until"), "it has to be a date without a time.")
    day = until.isoformat() if isinstance(until, date) else until
    day_part = f"@{day}" if "until" in table else ""
    return f"{check}{day_part}{f'={reason}' if reason else ''}"


# Keys of the screen


def _keys(file: ConfigFile) -> dict[str, Setting]:
    from diagnose.tui.key_map import ACTION_NAMES

    _check_keys(file, ("keys",), _check_type(file, ("keys",), file.table["keys"], dict),
                ACTION_NAMES)  # fmt: skip
    return _table(file, "keys", _action_keys)


def _action_keys(file: ConfigFile, path: KeyPath, value: Any) -> Setting:
    from diagnose.tui.key_map import parse_keys

    keys = _check_type(file, path, value, str, list)
    texts = [keys] if isinstance(keys, str) else keys
    for number, text in enumerate(texts):
        _check_type(file, (*path, number), text, str)
    return _parse_setting(file, path, lambda: parse_keys(str(path[-1]), texts))


def _check_conflict(keys: Mapping[str, Setting]) -> None:
    from diagnose.tui.key_map import conflict

    if clash := conflict({action: setting.value for action, setting in keys.items()}):
        action, key, other_action = clash
        setting = keys[action]
        raise _error(setting.file, setting.path, f"{key!r} is a key of {other_action} too.")


# Lines


def line_of(text: str, path: KeyPath) -> int | None:
    """Return the line on which a key stands, counted from 1; None if it cannot be found.

    It is the line after the longest part of the file that is valid TOML without the key.
    """
    import tomllib

    lines = text.split("\n")
    if len(lines) > _MAX_LINES:
        return None
    last_without = 0
    for count in range(1, len(lines) + 1):
        try:
            table = tomllib.loads("\n".join(lines[:count]))
        except (ValueError, RecursionError):
            continue
        if _holds(table, path):
            return last_without + 1
        last_without = count
    return None


def _holds(value: Any, path: KeyPath) -> bool:
    for part in path:
        if isinstance(part, int):
            if not isinstance(value, list) or part >= len(value):
                return False
        elif not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True
