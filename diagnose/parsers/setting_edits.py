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
    found = setting_value(text, form, key)
    if found is None or not found.is_literal or not _PLAIN.fullmatch(entry):
        return ""
    if form == "env" or (form == "ini" and not key.endswith("[]")):
        lead = separator if found.values else ""
        return _checked(text, TextEdit(found.stop, found.stop, f"{lead}{entry}"), form, key, entry)
    if found.last < 0:
        return ""
    if form == "ini":
        line = f'\n{key.rpartition(".")[2]} = "{entry}"'
    elif form == "yaml":
        line = _yaml_entry(text, found, entry)
    elif form == "xml":
        return _xml_entry(text, found, key, entry)
    else:
        quote = _quote(text, found)
        line = f"{', ' if found.values else ''}{quote}{entry}{quote}"
    return _checked(text, TextEdit(found.last, found.last, line), form, key, entry) if line else ""


def with_value(text: str, form: Format, key: str, value: str) -> str:
    """Return the text with this value of the key; "" if that cannot be done."""
    found = setting_value(text, form, key)
    if found is None or not found.is_literal or found.last >= 0 or not _PLAIN.fullmatch(value):
        return ""
    new = value
    if form in {"php-array", "php", "php-define", "python", "ruby", "js"}:
        is_word = value in {"true", "false"} or value.isdigit()
        quote = _quote(text, found)
        word = value.capitalize() if form == "python" and value in {"true", "false"} else value
        new = word if is_word else f"{quote}{value}{quote}"
    elif form == "yaml" and text[found.start : found.start + 1] in {'"', "'"}:
        new = f"{text[found.start]}{value}{text[found.start]}"
    return _checked(text, TextEdit(found.start, found.stop, new), form, key, value)


def _checked(text: str, edit: TextEdit, form: Format, key: str, wanted: str) -> str:
    """Return the edited text if it is read back with the new value, "" if not."""
    edited = apply_edits(text, edit)
    found = setting_value(edited, form, key)
    return edited if found and found.is_literal and wanted in found.values else ""


def _quote(text: str, found: SettingValue) -> str:
    return '"' if '"' in text[found.start : found.stop] else "'"


def _yaml_entry(text: str, found: SettingValue, entry: str) -> str:
    """Return one entry more of a list in brackets, or in lines of its own."""
    if text[found.start : found.start + 1] == "[":
        return f", {entry}" if found.values else entry
    line = text[text.rfind("\n", 0, found.last) + 1 : found.last]
    dash = re.match(r"[ \t]*-[ \t]+", line)
    return f"\n{dash[0]}{entry}" if dash else ""


def _xml_entry(text: str, found: SettingValue, key: str, entry: str) -> str:
    name, item = key.rpartition(".")[2], f"<string>{entry}</string>"
    whole = text[found.start : found.stop]
    if whole.endswith("/>"):
        edit = TextEdit(found.start, found.stop, f"<{name}>{item}</{name}>")
    else:
        edit = TextEdit(found.last, found.last, item)
    return _checked(text, edit, "xml", key, entry)
