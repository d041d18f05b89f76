"""A pasted message names the types that a client accepts, and nginx compares the whole field with
one of them: `if ($http_accept = "application/activity+json")`, or a `map` of `$http_accept`. A
client that accepts several types, or writes a weight, sends another value (RFC 9110 section
12.5.1), so that it gets what is meant for browsers.

No request is needed: what nginx compares stands in its configuration, and what is sent in the
message.
"""

import re
from collections.abc import Iterator
from itertools import chain

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.accepted_types import bare_types, reported_accept, tells_several_types
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch

#: Browsers send these beside text/html: to look for one in the field is true for them as well.
_OF_BROWSERS = frozenset({"application/xml", "application/xhtml+xml"})
_WORD = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^\s);{]+"
_COMPARED = re.compile(rf"\$\{{?http_accept\}}?\s*(?P<compared>(?P<not>!?)=\s*(?:{_WORD}))")
_KEY = re.compile(_WORD)


@frozen
class _Line:
    """A line that compares the field with a value."""

    directive: Directive
    value: str
    is_map: bool


@check(severity=Severity.WARNING, needs=[NginxConfig], needs_message=True)
def accept_compared_whole(evidence: Evidence) -> Iterator[Claim]:
    symptom, nginx = evidence.target.symptom, Nginx.of(evidence)
    if symptom is None or "accept" not in symptom.text.lower() or nginx.config is None:
        return
    sent = reported_accept(symptom.text)
    if not sent and not tells_several_types(symptom.text):
        return
    for match in nginx.location_matches(evidence.target.path_without_query):
        lines = [line for line in _lines(match) if _misses(line.value, sent, symptom.text)]
        if not lines:
            continue
        first = lines[0]
        yield Claim(
            about=Subject(port=evidence.target.port, path=evidence.target.path_without_query),
            because=(nginx.config,),
            confidence=Confidence.LIKELY if sent else Confidence.POSSIBLE,
            location=nginx.location(first.directive),
            facts={
                "line": _line_text(first),
                "place": file_line(first.directive),
                "type": bare_types(first.value)[0],
                "pattern": _pattern(first.value),
                "sent": sent,
                "reported": True,
            },
            fix=_fix(nginx, match, lines),
        )
        return


def _lines(match: LocationMatch) -> Iterator[_Line]:
    """Yield the lines that compare the field of a request for this location, but for types that
    another line looks for inside the field."""
    conditions = list(chain.from_iterable(children(block, "if") for block in match.blocks[1:]))
    compared = [condition.args for condition in conditions if "http_accept" in condition.args[0]]
    inside = " ".join(args[2] for args in compared if len(args) > 2 and "~" in args[1])
    for condition in conditions:
        is_whole = len(condition.args) > 2 and condition.args[1] in {"=", "!="}
        if is_whole and condition.args[0].strip("({}$") == "http_accept":
            yield from _line(condition, condition.args[2], inside, is_map=False)
    used = {
        word
        for directive in walk(match.blocks[1:2])
        for text in directive.args
        for word in re.findall(r"\$\{?(\w+)", text)
    }
    for table in children(match.blocks[0], "map"):
        if table.args[:1] not in {("$http_accept",), ("${http_accept}",)}:
            continue
        if table.args[-1].lstrip("$") in used:
            entries = table.block or ()
            inside = " ".join(entry.name for entry in entries if entry.name.startswith("~"))
            for entry in entries:
                yield from _line(entry, entry.name, inside, is_map=True)


def _line(directive: Directive, value: str, inside: str, *, is_map: bool) -> Iterator[_Line]:
    types = bare_types(value)
    is_known = bool(types) and types[0] not in _OF_BROWSERS and "*" not in types[0]
    if (
        is_known
        and not value.startswith("~")
        and _subtype(types[0]) not in inside.replace("\\", "")
    ):
        yield _Line(directive, value, is_map)


def _subtype(name: str) -> str:
    return name.partition("/")[2]


def _misses(value: str, sent: str, text: str) -> bool:
    """Return whether the value is another one than what the client sends, though its type is in
    it."""
    name = bare_types(value)[0]
    if sent:
        return name in bare_types(sent) and sent.lower() != value.lower()
    bare = bare_types(text)
    return not bare or name in bare


def _pattern(value: str) -> str:
    return re.sub(r"([.+])", r"\\\1", bare_types(value)[0])


def _line_text(line: _Line) -> str:
    if line.is_map:
        return f'"{line.value}" {" ".join(line.directive.args)};'
    return f'if ($http_accept {line.directive.args[1]} "{line.value}")'


def _fix(nginx: Nginx, match: LocationMatch, lines: list[_Line]) -> Fix:
    """Look for the type inside the field."""
    changes: Changes = {}
    for line in lines:
        file, directive = nginx.file(line.directive), line.directive
        if file is None:
            continue
        pattern = _KEY if line.is_map else _COMPARED
        written = (pattern.match if line.is_map else pattern.search)(
            file.text, directive.start, directive.stop
        )
        if written is None:
            continue
        group = 0 if line.is_map else "compared"
        regular = f'"~{_pattern(line.value)}"'
        if not line.is_map:
            regular = f'{written["not"]}~ "{_pattern(line.value)}"'
        start, stop = written.span(group)
        changes.setdefault(file.path, []).append(TextEdit(start, stop, regular, directive.file))
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
