"""The edit after which HAProxy sends fields for other sites with its own answers too. What
`http-response` says is for answers of servers alone, `http-after-response` for all (Configuration
Manual, "http-after-response"; since 2.2)."""

import re

from checks.server import ServerView, line_edit
from checks.server._field_lines import FieldLine
from checks.server._haproxy_fields import field_lines
from diagnose.model import Edit
from diagnose.model.http import Exchange

_ALLOW = "access-control-allow-origin"
_NAMES = (
    _ALLOW, "access-control-allow-credentials", "access-control-allow-headers",
    "access-control-allow-methods", "access-control-expose-headers", "access-control-max-age",
)  # fmt: skip
_FOR_SERVERS = re.compile(r"(\s*)http-response(\s+(?:set|add)-header\s)")
_CONDITION = re.compile(r"\s(?:if|unless)\s")


def own_answer_edit(view: ServerView, page: Exchange, origin: str) -> Edit | None:
    """Return the edit where a line without a condition permits the origin, and HAProxy's own answer
    lacks the field; None for another server, or before 2.2."""
    numbers = [each for each in view.server.version.split(".")[:2] if each.isdigit()]
    is_old = tuple(map(int, numbers)) < (2, 2)
    if view.server.product != "haproxy" or is_old or page.header(_ALLOW) is not None:
        return None
    allowing = list(field_lines(view, _ALLOW))
    if len(allowing) != 1 or allowing[0].value not in {"*", origin} or not _is_plain(allowing[0]):
        return None
    lines = [line for name in _NAMES for line in field_lines(view, name) if _is_plain(line)]
    changes = {
        line.number: (_FOR_SERVERS.sub(r"\1http-after-response\2", line.text, count=1),)
        for line in lines
        if line.file == allowing[0].file
    }
    return line_edit(view, allowing[0].file, changes)


def _is_plain(line: FieldLine) -> bool:
    return bool(_FOR_SERVERS.match(line.text)) and not _CONDITION.search(line.text)
