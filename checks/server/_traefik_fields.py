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
#: Those that are a list of words, which Traefik sends with commas between them.
_LISTS = {
    "access-control-allow-headers": "accesscontrolallowheaders",
    "access-control-allow-methods": "accesscontrolallowmethods",
    "access-control-allow-origin": "accesscontrolalloworiginlist",
    "access-control-expose-headers": "accesscontrolexposeheaders",
}
#: What sends one value if it is true, and the option by which another one is sent.
_SWITCHES = {"x-frame-options": ("framedeny", "DENY", "customFrameOptionsValue")}
#: A list within one line, and the members of one below its key.
_LIST = re.compile(
    r"(?P<head>\s{0,200}[\"']?(?P<key>[\w.-]{1,100})[\"']?\s*[:=]\s*)(?P<list>\[[^\[\]{}#]{0,4000}\])"
    r"\s*(?:#.{0,500})?"
)
_OPEN = re.compile(r"(?P<head>\s{0,200}[\"']?(?P<key>[\w.-]{1,100})[\"']?\s*:)\s*(?:#.{0,500})?")
_MEMBER = re.compile(
    r"\s{0,200}-\s+(?P<word>\"[^\"\\]{0,300}\"|'[^'\\]{0,300}'|[^\s\"'#{}\[\],]{1,300})\s*"
)
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
        yield from _lists(file.path, rows, _LISTS.get(name.lower(), ""))
        # The other option counts before the switch.
        is_set = any(key in row.lower() for row in rows for key in keys)
        for number, row in enumerate(rows, 1):
            match = _ROW.fullmatch(row.rstrip("\r"))
            if match is None:
                continue
            indent, key = len(match["indent"]), match["key"].lower()
            while parents and parents[-1][0] >= indent:
                parents.pop()
            is_of_request = any(parent == "customrequestheaders" for _, parent in parents)
            parents.append((indent, key))
            switched = None if is_set else _switched(file.path, number, row, name, match)
            if switched:
                yield switched
            if match["value"] and key in keys and not is_of_request:
                value = match["value"]
                value = value[1:-1] if value[0] in "\"'" else value
                start, stop = match.span("value")
                beside = (*rows[number - 2 : number - 1], *rows[number : number + 1])
                # Without its last option a middleware is none, and Traefik refuses the file.
                is_alone = any(indentation(other) == match["indent"] for other in beside)
                yield FieldLine(file.path, number, row, start, stop, value, is_alone=is_alone)


def label_options(name: str) -> tuple[str, ...]:
    """Return the options of a middleware `headers` that send a field, as labels name them."""
    key = name.lower()
    known = (_OPTIONS.get(key, ""), _LISTS.get(key, ""), f"customresponseheaders.{key}")
    return tuple(filter(None, known))


def _lists(path: str, rows: list[str], option: str) -> Iterator[FieldLine]:
    """Yield the lists of an option, written within a line or below it."""
    for number, row in enumerate(rows, 1) if option else ():
        if (match := _LIST.fullmatch(row.rstrip())) and match["key"].lower() == option:
            words = [word.strip().strip("\"'") for word in match["list"][1:-1].split(",")]
            start, stop = match.span("list")
            yield _list_line(path, number, row, start, stop, words, ())
        elif (match := _OPEN.fullmatch(row.rstrip())) and match["key"].lower() == option:
            members, below = list[str](), number
            while below < len(rows) and (member := _MEMBER.fullmatch(rows[below].rstrip())):
                members.append(member["word"].strip("\"'"))
                below += 1
            end, following = match.end("head"), tuple(range(number + 1, below + 1))
            if members:
                head = f"{row[:end]} "
                yield _list_line(path, number, head, end + 1, end + 1, members, following)


def _list_line(
    path: str, number: int, row: str, start: int, stop: int, words: list[str],
    following: tuple[int, ...],
) -> FieldLine:  # fmt: skip
    value = ",".join(word for word in words if word)
    return FieldLine(
        path, number, row, start, stop, value, is_alone=False, is_list=True, following=following
    )


def _switched(
    path: str, number: int, row: str, name: str, match: re.Match[str]
) -> FieldLine | None:
    """Return the line of an option that is true, as the field that it sends."""
    key, value, option = _SWITCHES.get(name.lower(), ("", "", ""))
    if not key or match["key"].lower() != key or (match["value"] or "").lower() != "true":
        return None
    start, stop = match.start("key"), match.end("value")
    sign = " = " if path.endswith(".toml") else ": "
    is_plain = not match[0].lstrip().startswith(("'", '"'))
    return (
        FieldLine(path, number, row, start, stop, value, is_alone=False, option=f"{option}{sign}")
        if is_plain
        else None
    )


def quoted(value: str) -> str:
    """Return a value as YAML and TOML both read it; "" if it cannot be written."""
    return (
        json.dumps(value, ensure_ascii=False) if value.isprintable() and "\\" not in value else ""
    )
