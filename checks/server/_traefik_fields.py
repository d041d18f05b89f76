"""The lines by which Traefik sends a field of its responses: the options of a middleware `headers`
in the files of the file provider (its documentation, "Headers")."""

import json
import re
from collections.abc import Iterator

from checks.server import ServerView, indentation
from checks.server._field_lines import FieldLine
from checks.server._traefik_edits import is_watched

#: The options that stand for a field.
_OPTIONS = {
    "content-security-policy": "contentsecuritypolicy",
    "content-security-policy-report-only": "contentsecuritypolicyreportonly",
    "permissions-policy": "permissionspolicy",
    "referrer-policy": "referrerpolicy",
    "x-frame-options": "customframeoptionsvalue",
}
#: A key with its value on the same line, in YAML or TOML.
_ROW = re.compile(
    r"(?P<indent>\s{0,200})[\"']?(?P<key>[\w.-]{1,100})[\"']?\s*[:=]\s*"
    r"(?P<value>\"[^\"\\]{0,8000}\"|'[^'\\]{0,8000}'|[^\s\"'|>{\[&*#][^#]{0,8000}?)?\s*(?:\s#.{0,500})?"
)
_MAX_LINES = 5000


def field_lines(view: ServerView, name: str) -> Iterator[FieldLine]:
    """Yield the lines that may send a field. What stands in the static file, Traefik does not read
    as a middleware; files that it does not watch, it reads at its start alone."""
    config = view.config
    if config is None or not is_watched(view):
        return
    keys = {name.lower(), _OPTIONS.get(name.lower(), name.lower())}
    for file in config.files:
        if file.path == config.path and len(config.files) > 1:
            continue
        rows, parents = file.text.split("\n")[:_MAX_LINES], list[tuple[int, str]]()
        for number, row in enumerate(rows, 1):
            match = _ROW.fullmatch(row.rstrip("\r"))
            if match is None:
                continue
            indent, key = len(match["indent"]), match["key"].lower()
            while parents and parents[-1][0] >= indent:
                parents.pop()
            is_of_request = any(parent == "customrequestheaders" for _, parent in parents)
            parents.append((indent, key))
            if match["value"] and key in keys and not is_of_request:
                value = match["value"]
                value = value[1:-1] if value[0] in "\"'" else value
                start, stop = match.span("value")
                beside = (*rows[number - 2 : number - 1], *rows[number : number + 1])
                # Without its last option a middleware is none, and Traefik refuses the file.
                is_alone = any(indentation(other) == match["indent"] for other in beside)
                yield FieldLine(file.path, number, row, start, stop, value, is_alone=is_alone)


def quoted(value: str) -> str:
    """Return a value as YAML and TOML both read it; "" if it cannot be written."""
    return (
        json.dumps(value, ensure_ascii=False) if value.isprintable() and "\\" not in value else ""
    )
