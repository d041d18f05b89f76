"""Edits of one setting of a program: one entry more in a list, or another value. Pure.

The diff has no lines around the change: beside it the file may have passwords.
"""

import re

from diagnose.parsers.nginx.edits import TextEdit, apply_edits
from diagnose.parsers.setting_values import Format, SettingValue, setting_value

#: What a value may be that is written into a file as it is.
_PLAIN = re.compile(r"[\w.:/\[\]*-]{1,300}")


def with_entry(text: str, form: Format, key: str, entry: str, separator: str = ",") -> str:
    """Return the text with one entry more in the list of this key; "" if that cannot be done."""
    value = setting_value(text, form, key)
    if value is None or not value.is_literal or not _PLAIN.fullmatch(entry):
        return ""
    if form == "env" or (form == "ini" and not key.endswith("[]")):
        lead = separator if value.values else ""
        return _checked(text, TextEdit(value.stop, value.stop, f"{lead}{entry}"), form, key, entry)
    if value.last < 0:
        return ""
    if form == "ini":
        line = f'\n{key.rpartition(".")[2]} = "{entry}"'
    elif form == "yaml":
        line = _yaml_entry(text, value, entry)
    elif form == "xml":
        return _xml_entry(text, value, key, entry)
    else:
        quote = _quote(text, value)
        line = f"{', ' if value.values else ''}{quote}{entry}{quote}"
    return _checked(text, TextEdit(value.last, value.last, line), form, key, entry) if line else ""


def with_value(text: str, form: Format, key: str, value: str) -> str:
    """Return the text with this value of the key; "" if that cannot be done."""
    old_value = setting_value(text, form, key)
    if (
        old_value is None
        or not old_value.is_literal
        or old_value.last >= 0
        or not _PLAIN.fullmatch(value)
    ):
        return ""
    new = value
    if form in {"php-array", "php", "php-define", "python", "ruby", "js"}:
        is_word = value in {"true", "false"} or value.isdigit()
        quote = _quote(text, old_value)
        word = value.capitalize() if form == "python" and value in {"true", "false"} else value
        new = word if is_word else f"{quote}{value}{quote}"
    elif form == "yaml" and text[old_value.start : old_value.start + 1] in {'"', "'"}:
        new = f"{text[old_value.start]}{value}{text[old_value.start]}"
    return _checked(text, TextEdit(old_value.start, old_value.stop, new), form, key, value)


def _checked(text: str, edit: TextEdit, form: Format, key: str, wanted: str) -> str:
    """Return the edited text if it is read back with the new value, "" if not."""
    edited = apply_edits(text, edit)
    value_there = setting_value(edited, form, key)
    return edited if value_there and value_there.is_literal and wanted in value_there.values else ""


def _quote(text: str, value: SettingValue) -> str:
    return '"' if '"' in text[value.start : value.stop] else "'"


def _yaml_entry(text: str, value: SettingValue, entry: str) -> str:
    """Return one entry more of a list in brackets, or in lines of its own."""
    if text[value.start : value.start + 1] == "[":
        return f", {entry}" if value.values else entry
    line = text[text.rfind("\n", 0, value.last) + 1 : value.last]
    dash = re.match(r"[ \t]*-[ \t]+", line)
    return f"\n{dash[0]}{entry}" if dash else ""


def _xml_entry(text: str, value: SettingValue, key: str, entry: str) -> str:
    name, item = key.rpartition(".")[2], f"<string>{entry}</string>"
    whole = text[value.start : value.stop]
    if whole.endswith("/>"):
        edit = TextEdit(value.start, value.stop, f"<{name}>{item}</{name}>")
    else:
        edit = TextEdit(value.last, value.last, item)
    return _checked(text, edit, "xml", key, entry)
