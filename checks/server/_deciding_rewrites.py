"""The rule of Apache whose condition is about a header field of a told request (mod_rewrite,
"RewriteCond"), and what a person types to take it out."""

import re
from collections.abc import Iterator

from checks.server import ServerView, line_edit, reload_steps, server_on_port
from diagnose.model import Command, Edit, Evidence
from diagnose.model.other_requests import ToldDifference
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

_CONDITION = re.compile(
    r"(?i)\s*RewriteCond\s+\"?%\{HTTP:?_?(?P<name>[\w-]{1,60})\}\"?\s+"
    r"(?:\"(?P<quoted>[^\"]{1,1000})\"|(?P<plain>\S{1,1000}))(?P<flags>\s+\[[\w,]{1,40}\])?\s*"
)
_ANY_CONDITION = re.compile(r"(?i)\s*RewriteCond\s")
_RULE = re.compile(r"(?i)\s*RewriteRule\s[^\\]*")
#: The flag that joins a condition with the next one.
_OR = re.compile(r"(?i)\s\[(?:[^\]]*,)?\s*(?:OR|ornext)\s*(?:,[^\]]*)?\]\s*$")
_MAX_CONDITIONS = 20


def without_rewrite(
    evidence: Evidence, differences: tuple[ToldDifference, ...]
) -> tuple[Command | Edit, ...]:
    """Return what a person types to take out the one rule whose conditions hold for a header field
    of a told request; () where none surely does."""
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return ()
    blocks = [
        (file.path, first, last)
        for file in view.config.files
        for first, last in _blocks(file.text.split("\n"), differences)
    ]
    edit = _removal(view, *blocks[0]) if len(blocks) == 1 else None
    if edit is None:
        return ()
    is_at_once = blocks[0][0].endswith("/.htaccess")
    return (edit,) if is_at_once else (edit, *reload_steps(view.server))


def _blocks(rows: list[str], differences: tuple[ToldDifference, ...]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of each rule whose conditions hold for a field."""
    for number, text in enumerate(rows, 1):
        if not any(_holds(text, difference) for difference in differences):
            continue
        first = last = number
        while first > 1 and _ANY_CONDITION.match(rows[first - 2]):
            first -= 1
        while last < len(rows) and _ANY_CONDITION.match(rows[last - 1]):
            last += 1
        is_rule = last - first <= _MAX_CONDITIONS and _RULE.fullmatch(rows[last - 1])
        if is_rule and _are_met(rows[first - 1 : last - 1], differences):
            yield first, last


def _are_met(conditions: list[str], differences: tuple[ToldDifference, ...]) -> bool:
    """Return whether the conditions of a rule surely hold: of those that [OR] joins, one does."""
    is_met = False
    for text in conditions:
        is_met = is_met or any(_holds(text, difference) for difference in differences)
        if _OR.search(text[-200:]) is None:
            if not is_met:
                return False
            is_met = False
    return True


def _holds(text: str, difference: ToldDifference) -> bool:
    condition = _CONDITION.fullmatch(text[:2000])
    if condition is None or not difference.name:
        return False
    pattern = condition["quoted"] or condition["plain"]
    is_field = condition["name"].lower().replace("_", "-") == difference.name
    if not is_field or pattern.startswith("!") or not is_supported_pcre(pattern):
        return False
    ignore_case = "NC" in (condition["flags"] or "").upper()
    return pcre_search(pattern, difference.value, ignore_case) is not None


def _removal(view: ServerView, path: str, first: int, last: int) -> Edit | None:
    return line_edit(view, path, dict.fromkeys(range(first, last + 1), ()))
