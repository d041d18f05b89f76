"""Recognizes the application that answers, and gives what its documentation asks of a proxy.

`diagnose/applications/index.json` holds the files of that folder in one (`make index`). It is read
when the first page has come, and never before.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import diagnose
from diagnose.model.applications import (
    Application,
    ApplicationMessage,
    LongResponse,
    OpenedWebSocket,
    OwnConfiguration,
    OwnPort,
    OwnSetting,
    Recognition,
    RecognizedBy,
    RequestField,
    Stream,
    Upload,
    WellKnownPath,
)
from diagnose.model.marks import Headers
from diagnose.parsers.lazy_pattern import lazy_pattern

FOLDER = Path(next(iter(diagnose.__path__))) / "applications"
INDEX = FOLDER / "index.json"

#: Characters of a page in which an application is looked for.
MAX_PAGE = 256 << 10

_TITLE = lazy_pattern(r"<title[^>]{0,200}>([^<]{1,300})", re.IGNORECASE)
_COOKIE = lazy_pattern(r"\s{0,9}([^=;\s]{1,200})=")

#: Characters. Fewer words may be another program's too.
_MIN_MESSAGE = 20


@cache
def _index() -> Mapping[str, Mapping[str, Any]]:
    """Return the tables of every file by its id; none if the index is missing or damaged."""
    try:
        index = json.loads(INDEX.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return index if isinstance(index, dict) else {}


def application_ids() -> tuple[str, ...]:
    return tuple(_index())


@cache
def application_of(application_id: str) -> Application | None:
    """Return the application with this id, None if there is none."""
    tables = _index().get(application_id)
    return None if tables is None else _from_tables(application_id, tables)


def _from_tables(application_id: str, tables: Mapping[str, Any]) -> Application:
    """Return the application that a file's tables describe. They have been checked."""
    recognized = tables.get("recognized", {})
    return Application(
        application_id,
        tables["name"],
        tuple(tables.get("pages", ())),
        Recognition(**{name: tuple(entries) for name, entries in recognized.items()}),
        tuple(OpenedWebSocket(**table) for table in tables.get("websocket", ())),
        tuple(Upload(**table) for table in tables.get("upload", ())),
        tuple(Stream(**table) for table in tables.get("stream", ())),
        tuple(LongResponse(**table) for table in tables.get("timeout", ())),
        tuple(RequestField(**table) for table in tables.get("field", ())),
        tuple(WellKnownPath(**table) for table in tables.get("well_known", ())),
        bool(tables.get("uri", {}).get("kept")),
        tables.get("setting", {}),
        tuple(ApplicationMessage(**table) for table in tables.get("message", ())),
        tuple(OwnPort(**table) for table in tables.get("port", ())),
        _configuration(tables.get("configuration")),
        tuple(OwnSetting(**table) for table in tables.get("value", ())),
    )


def _configuration(table: Mapping[str, Any] | None) -> OwnConfiguration | None:
    if table is None:
        return None
    lists: dict[str, Any] = {
        key: tuple(each) if isinstance(each, list) else each for key, each in table.items()
    }
    return OwnConfiguration(**lists)


def recognize(text: str, headers: Headers) -> tuple[Application, RecognizedBy] | None:
    """Return the application whose page and fields these are, and what says so; None if it is not
    known."""
    beginning = text[:MAX_PAGE]
    title, cookies = page_title(beginning), cookie_names(headers)
    fields = [(name.lower(), value) for name, value in headers]
    for application_id, tables in _index().items():
        if by := recognized_by(tables.get("recognized", {}), title, beginning, fields, cookies):
            application = application_of(application_id)
            return (application, by) if application else None
    return None


def recognized_by(
    entries: Mapping[str, Any],
    title: str,
    text: str,
    fields: Iterable[tuple[str, str]],
    cookies: Iterable[str],
) -> RecognizedBy | None:
    """Return by what of a response these entries recognize it; None if by nothing."""
    if any(_is_like(title, entry.lower()) for entry in entries.get("title", ())):
        return "title"
    if any(_is_field(fields, entry) for entry in entries.get("header", ())):
        return "header"
    if any(_is_like(name, entry) for entry in entries.get("cookie", ()) for name in cookies):
        return "cookie"
    return "page" if any(entry in text for entry in entries.get("page", ())) else None


def _is_like(text: str, entry: str) -> bool:
    if entry.startswith("*"):
        return text.endswith(entry[1:])
    return text.startswith(entry[:-1]) if entry.endswith("*") else text == entry


def _is_field(fields: Iterable[tuple[str, str]], entry: str) -> bool:
    name, _, value = entry.partition(":")
    name, value = name.strip().lower(), value.strip()
    return any(own == name and text.startswith(value) for own, text in fields)


def folder_of(application: Application, page_path: str, start_path: str) -> str:
    """Return the folder in which an application lies, with a slash at its end: by where its first
    page lies in it, or by the path at which a visitor began."""
    path, start = page_path.partition("?")[0], start_path.partition("?")[0]
    for page in application.pages:
        if path.endswith(f"/{page}"):
            return path.removesuffix(page)
    folder = f"{start.rpartition('/')[0]}/"
    return folder if path.startswith(folder) else f"{path.rpartition('/')[0]}/"


def page_title(text: str) -> str:
    """Return the title of a page in lower case, "" without any."""
    return written_title(text).lower()


def written_title(text: str) -> str:
    """Return the title of a page as it is written, "" without any."""
    match = _TITLE.search(text)
    title = match[1] if match else ""
    if "&" in title:
        from html import unescape

        title = unescape(title)
    return " ".join(title.split())


def cookie_names(headers: Headers) -> tuple[str, ...]:
    """Return the names of the cookies that a response sets."""
    values = (value for name, value in headers if name.lower() == "set-cookie")
    return tuple(match[1] for value in values if (match := _COOKIE.match(value)))


def application_of_command(command: str) -> Application | None:
    """Return the application whose process has this command line, None if it is not known."""
    words = {word.rpartition("/")[2] for word in command.split()[:20]}
    for application_id, tables in _index().items():
        if not words.isdisjoint(tables.get("recognized", {}).get("command", ())):
            return application_of(application_id)
    return None


def application_of_image(image: str) -> Application | None:
    """Return the application whose container image this is, by a part of its name; None if it is
    not known."""
    parts = [part.partition(":")[0].partition("@")[0].lower() for part in image.split("/")[-2:]]
    words, name = set(parts), "/".join(parts)
    for application_id, tables in _index().items():
        if name in tables.get("recognized", {}).get("image", ()):
            return application_of(application_id)
        if application_id in words or f"{application_id}-server" in words:
            return application_of(application_id)
    return None


def variables_of_settings() -> tuple[str, ...]:
    """Return the environment variables that name a setting or a file of any application."""
    names = dict[str, None]()
    for tables in _index().values():
        names.update(dict.fromkeys(tables.get("configuration", {}).get("variables", ())))
        names.update(
            dict.fromkeys(
                value["variable"] for value in tables.get("value", ()) if "variable" in value
            )
        )
    return tuple(name for name in names if re.fullmatch(r"\w{1,80}", name))


def is_plain_path(path: str) -> bool:
    """Return whether an application serves this path over http only where it is told to."""
    return any(
        path == value["path"] or path.startswith(f"{value['path']}/")
        for tables in _index().values()
        for value in tables.get("value", ())
        if value.get("path")
    )


def own_port(number: int, paths: Iterable[str]) -> tuple[Application, OwnPort] | None:
    """Return the application that has this port for all of these paths, and the port; None if none
    is known for them. Both together are no other's."""
    wanted = tuple(path.lower() for path in paths)
    for application_id, tables in _index().items():
        ports = [table for table in tables.get("port", ()) if table["number"] == number]
        prefixes = tuple(table["path"].lower() for table in ports)
        if ports and wanted and all(path.startswith(prefixes) for path in wanted):
            application = application_of(application_id)
            return (application, OwnPort(**ports[0])) if application else None
    return None


def message_of(text: str) -> ApplicationMessage | None:
    """Return the longest message of an application that stands in a text; None if there is
    none."""
    lower = text.lower()
    messages = (
        ApplicationMessage(**message)
        for tables in _index().values()
        for message in tables.get("message", ())
        if message["text"].lower() in lower
    )
    return max(messages, key=lambda message: len(message.text), default=None)


def reported_application(text: str, *, is_answer: bool = False) -> Application | None:
    """Return the application whose own message stands in a text that a person pasted; None if there
    is none, or if several applications have it. A short message counts only where it is all that an
    answer of the site says."""
    lower = text.strip().lower()
    reported = [
        (len(message["text"]), application_id)
        for application_id, tables in _index().items()
        for message in tables.get("message", ())
        if message["text"].lower() in lower
        if len(message["text"]) >= _MIN_MESSAGE
        or (is_answer and len(message["text"]) == len(lower))
    ]
    longest = max(reported, default=(0, ""))[0]
    ids = {application_id for length, application_id in reported if length == longest}
    return application_of(ids.pop()) if len(ids) == 1 else None
