"""Check the files of diagnose/applications, and write their index (docs/adr/0066).

make index
python -m tests.support.application_index --verify   exits with 1 if it is out of date
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from diagnose.model.applications import Meaning, Topic
from diagnose.parsers.applications import FOLDER, INDEX
from diagnose.parsers.setting_values import Format

OUT_OF_DATE = "diagnose/applications/index.json is out of date. Run: make index"

#: Bytes of a file.
MAX_FILE = 16 << 10
#: The fewest characters of an entry that recognizes an application, or of a message.
MIN_ENTRY, MIN_MESSAGE = 3, 6

_SETTINGS = (
    "public_url", "trusted_proxy", "allowed_host", "allowed_origin", "base_path", "secure_cookie",
    "cors_origin", "plain_path", "cookie_domain",
)  # fmt: skip
#: The keys of each table: their types, and whether the table has to have them.
_LISTS: Mapping[str, Mapping[str, tuple[type, bool]]] = {
    "websocket": {"path": (str, True), "required": (bool, False), "opens": (bool, False)},
    "upload": {"path": (str, False), "size": (str, True)},
    "stream": {"path": (str, False)},
    "timeout": {"path": (str, False), "seconds": (int, True)},
    "field": {"name": (str, True), "value": (str, True)},
    "well_known": {"path": (str, True), "status": (int, True), "location": (str, False)},
    "port": {"number": (int, True), "path": (str, True), "opened_by": (str, True)},
    "message": {"text": (str, True), "means": (str, True), "shown": (bool, False)},
    "value": {
        "topic": (str, True),
        "means": (str, True),
        "key": (str, False),
        "variable": (str, False),
        "argument": (str, False),
        "required": (bool, False),
        "default": (str, False),
        "form": (str, False),
        "add": (str, False),
        "separator": (str, False),
        "stripped": (bool, False),
        "redirects": (bool, False),
        "of_image": (bool, False),
        "path": (str, False),
        "since": (int, False),
        "before": (int, False),
    },
}
_CONFIGURATION: Mapping[str, type] = {
    "format": str,
    "files": list,
    "arguments": list,
    "variables": list,
    "overlays": list,
    "file_wins": bool,
    "needs_restart": bool,
    "load": list,
    "after": str,
}
_ENTRIES = ("title", "page", "header", "cookie", "command", "image")


def application_files() -> list[Path]:
    return sorted(FOLDER.glob("*.toml"))


def problems(name: str, text: str) -> list[str]:
    """Return what is wrong with a file, in words for who wrote it."""
    if len(text.encode()) > MAX_FILE:
        return [f"{name}: it is longer than {MAX_FILE} bytes"]
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [f"{name}: {error}"]
    return [f"{name}: {problem}" for problem in _problems(tables)]


def _problems(tables: Mapping[str, Any]) -> Iterator[str]:
    known = {"name", "sources", "pages", "recognized", "uri", "setting", "configuration", *_LISTS}
    for key in sorted(set(tables) - known):
        yield f"there is no key {key}; there are {', '.join(sorted(known))}"
    if not isinstance(tables.get("name"), str) or not tables["name"]:
        yield "name is missing"
    sources = tables.get("sources")
    if not _is_texts(sources) or not sources:
        yield "sources is missing: the addresses at which the facts were read"
    if not _is_texts(tables.get("pages", [])):
        yield "pages is a list of texts"
    yield from _recognition_problems(tables.get("recognized"))
    for name, keys in _LISTS.items():
        yield from _list_problems(name, tables.get(name, []), keys)
    if tables.get("uri", {"kept": True}) != {"kept": True}:
        yield "[uri] holds kept = true, or is left out"
    setting = tables.get("setting", {})
    if not isinstance(setting, dict) or not set(setting) <= set(_SETTINGS):
        yield f"[setting] may hold {', '.join(_SETTINGS)}"
    elif not _is_texts(list(setting.values())):
        yield "[setting] holds texts"
    yield from _configuration_problems(tables)


def _configuration_problems(tables: Mapping[str, Any]) -> Iterator[str]:
    configuration, values = tables.get("configuration"), tables.get("value", [])
    if configuration is None:
        if values:
            yield "[[value]] needs [configuration]: where the settings are read"
        return
    for key, each in configuration.items():
        if type(each) is not _CONFIGURATION.get(key):
            yield f"[configuration] {key} is unknown, or no {_CONFIGURATION.get(key)}"
    if configuration.get("format") not in get_args(Format):
        yield f"[configuration] format is one of {', '.join(get_args(Format))}"
    for value in values:
        if value.get("topic") not in _SETTINGS or value.get("means") not in get_args(Meaning):
            yield f"[[value]] topic is one of {_SETTINGS}, means one of {get_args(Meaning)}"
        if not any(value.get(key) for key in ("key", "variable", "argument")):
            yield "[[value]] needs a key, a variable or an argument"
        if value.get("topic") not in tables.get("setting", {}):
            yield f"[[value]] {value.get('topic')} is not told in [setting]"


def _recognition_problems(recognized: Any) -> Iterator[str]:
    if not isinstance(recognized, dict) or not recognized:
        yield "[recognized] is missing"
        return
    for name, entries in recognized.items():
        if name not in _ENTRIES:
            yield f"[recognized] has no {name}; it has {', '.join(_ENTRIES)}"
        elif not _is_texts(entries):
            yield f"[recognized] {name} is a list of texts"
        elif any(len(entry.rstrip("*")) < MIN_ENTRY for entry in entries if name != "command"):
            yield f"[recognized] {name} has an entry of fewer than {MIN_ENTRY} characters"


def _list_problems(name: str, tables: Any, keys: Mapping[str, tuple[type, bool]]) -> Iterator[str]:
    if not isinstance(tables, list):
        yield f"write [[{name}]], with two brackets"
        return
    for table in tables:
        for key in sorted(set(table) - set(keys)):
            yield f"[[{name}]] has no {key}; it has {', '.join(keys)}"
        for key, (kind, is_needed) in keys.items():
            if key in table and type(table[key]) is not kind:
                yield f"[[{name}]] {key} is {table[key]!r}: write a {kind.__name__}"
            elif is_needed and key not in table:
                yield f"[[{name}]] needs {key}"
    if not any(isinstance(table, dict) for table in tables):
        return
    for table in tables if name == "message" else ():
        if table.get("means") not in get_args(Topic):
            yield f"[[message]] means is one of {', '.join(get_args(Topic))}"
        if len(str(table.get("text", ""))) < MIN_MESSAGE:
            yield f"[[message]] text has fewer than {MIN_MESSAGE} characters"
    for table in tables if name == "upload" else ():
        if not re.fullmatch(r"\d{1,9}[kKmMgG]?", str(table.get("size"))):
            yield '[[upload]] size is nginx\'s, such as "50m", or "0"'


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text for text in value)


def index_text() -> str:
    """Return the index: one application a line, so that branches that add some can be merged. What
    says where the facts were read stays in the files."""
    lines = []
    for path in application_files():
        tables = tomllib.loads(path.read_text("utf-8"))
        tables.pop("sources", None)
        text = json.dumps(tables, ensure_ascii=False, separators=(",", ":"))
        lines.append(f"{json.dumps(path.stem)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def all_problems() -> list[str]:
    return [
        problem
        for path in application_files()
        for problem in problems(path.name, path.read_text("utf-8"))
    ]


def is_current() -> bool:
    """Return True if the index is there and right."""
    return INDEX.exists() and INDEX.read_text("utf-8") == index_text()


def main(arguments: list[str]) -> None:
    if wrong := all_problems():
        sys.exit("\n".join(wrong))
    if arguments == ["--verify"]:
        sys.exit(None if is_current() else OUT_OF_DATE)
    INDEX.write_text(index_text(), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
