"""`diagnose config`: each value of the configuration, and where it comes from."""

import json
import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from diagnose.cli.config_file import candidates
from diagnose.cli.parser import parse
from diagnose.cli.request_parser import output_options
from diagnose.cli.settings import OPTION_NAMES, Setting, Settings, key_text, load_settings
from diagnose.i18n.config import translate
from diagnose.model.frozen import frozen
from diagnose.outputs.terminal import choose_language, sanitize
from diagnose.parsers.target import parse_target

Source = Literal["command-line", "environment", "file", "default"]


@frozen
class ConfigValue:
    """A value, as it is written, and where it comes from. `file` is the path of a file, or the name
    of a variable of the environment. `value` is None if nothing is set."""

    key: str
    value: str | None
    source: Source
    file: str = ""
    line: int | None = None


def render(words: Sequence[str]) -> str:
    """Return the page of `diagnose config`, or its JSON document. Raise UsageError if a file is not
    valid."""
    defaults = parse("config", [])
    arguments = parse("config", words, {**dict.fromkeys(OPTION_NAMES), "ignore": []})
    if arguments.template:
        return translate("config.template", output_options(arguments).language)
    settings = load_settings(arguments.config)
    for group in settings.targets.values():
        for word in group.value:
            parse_target(word)
    values = list(config_values(arguments, defaults, settings))
    if arguments.format == "json":
        return _json(values, arguments.config, settings)
    options = output_options(arguments)
    if arguments.lang is None and "lang" in settings.options and "DIAGNOSE_LANG" not in os.environ:
        lang = str(settings.options["lang"].value)
    else:
        lang = options.language
    return _page(values, arguments.config, settings, lang)


def config_values(
    arguments: Namespace, defaults: Namespace, settings: Settings
) -> Iterator[ConfigValue]:
    """Yield the value of each option that counts, then the groups, the servers and the ignores."""
    for name in OPTION_NAMES:
        yield _option(name, getattr(arguments, name), getattr(defaults, name), settings)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if value := os.environ.get(name):
            yield ConfigValue("cafile", value, "environment", name)
    tables = (settings.targets, settings.servers, settings.keys)
    for setting in (setting for table in tables for setting in table.values()):
        yield _file_value(setting, _value_text(setting.value))
    for setting in settings.ignores:
        yield _file_value(setting, setting.value.argument())
    for ignore in arguments.ignore:
        yield ConfigValue("ignore", ignore.argument(), "command-line")


def _option(name: str, argument: Any, default: Any, settings: Settings) -> ConfigValue:
    if argument is not None:
        return ConfigValue(name, _value_text(argument), "command-line")
    variable = os.environ.get("DIAGNOSE_LANG") if name == "lang" else None
    if variable:
        return ConfigValue(name, variable, "environment", "DIAGNOSE_LANG")
    if name in settings.options:
        setting = settings.options[name]
        return _file_value(setting, _value_text(setting.value))
    if name == "lang":
        return _locale()
    return ConfigValue(name, None if default is None else _value_text(default), "default")


def _locale() -> ConfigValue:
    """Return the language of the locale (locale(7)), by the first variable that is set."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return ConfigValue("lang", choose_language(None), "environment", name)
    return ConfigValue("lang", choose_language(None), "default")


def _file_value(setting: Setting, value: str) -> ConfigValue:
    return ConfigValue(key_text(setting.path), value, "file", setting.file.path, setting.line)


def _value_text(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _file_states(choice: str | None, settings: Settings) -> list[tuple[str, bool]]:
    """Return each file that may count, and whether it was read."""
    read = {file.path for file in settings.files}
    return [(str(path), str(path) in read) for path in candidates(choice)]


def _json(values: Sequence[ConfigValue], choice: str | None, settings: Settings) -> str:
    document = {
        "files": [
            {"path": path, "read": is_read} for path, is_read in _file_states(choice, settings)
        ],
        "values": [
            {
                "key": value.key,
                "value": value.value,
                "source": value.source,
                "file": value.file or None,
                "line": value.line,
            }
            for value in values
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _page(values: Sequence[ConfigValue], choice: str | None, settings: Settings, lang: str) -> str:
    lines = [
        f"{path}: {translate('config.read' if is_read else 'config.absent', lang)}"
        for path, is_read in _file_states(choice, settings)
    ]
    rows = [(value.key, value.value or "-", _source_text(value, lang)) for value in values]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines += [
        "",
        *(f"{key:{widths[0]}}  {text:{widths[1]}}  {source}" for key, text, source in rows),
    ]
    return "\n".join(map(sanitize, lines)).lstrip("\n") + "\n"


def _source_text(value: ConfigValue, lang: str) -> str:
    if value.source == "file":
        return f"{value.file}:{value.line}" if value.line else value.file
    text = translate(f"config.{value.source}", lang)
    return translate("config.variable", lang, text=text, name=value.file) if value.file else text
