"""A location's regular expression has a dot that means any character, where a dot is meant:
`location ~ /. { deny all; }` for hidden files takes every path with a name (pcre2pattern(3),
"Full stop"). `nginx -t` accepts it. The location refuses, so that visitors get 403 or 404 for pages
of the site, and only "/" opens.

Such an expression is a mistake if it takes a path that visitors asked for, and would not with a
backslash before its dot.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.access_rules import access_rules
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, match_location
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_matches

#: A dot after a slash, or at the beginning, that is neither escaped nor repeated.
_DOT = re.compile(r"(?:(?<=/)|^)\.(?![*+?{])")
_REFUSALS = frozenset({403, 404})
#: What the argument of a location may not have without quotes.
_QUOTED = frozenset("{};\"'")


@frozen(eq=False)
class _Taken:
    """A path that the location takes, and what shows that visitors do not get it."""

    path: str
    because: Observation
    match: LocationMatch


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "http.page-file-missing", "nginx.other-requests-failed", "nginx.own-answer",
        "nginx.page-file-not-found", "nginx.rule-refuses", "nginx.visitor-denied",
        "websocket.not-upgraded",
    ],
)  # fmt: skip
def dot_unescaped(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    taken = list(_taken_paths(nginx))
    if not taken:
        return
    first = taken[0]
    same = [each for each in taken if each.match.block is first.match.block]
    block, pattern = first.match.block, location_pattern(first.match.block)
    pages = [each.because for each in same if isinstance(each.because, Exchange)]
    subjects = endpoint_subjects(pages)
    port, text = evidence.target.port, pattern.text if pattern else ""
    paths = tuple(dict.fromkeys(each.path for each in same))
    yield Claim(
        about=merge_subjects(subjects) if subjects else Subject(port=port, path=first.path),
        covers=(*subjects, *(Subject(port=port, path=path) for path in paths)),
        because=(
            *(each.because for each in same),
            *nginx.configs,
        ),
        severity=None if pages else Severity.WARNING,
        location=nginx.location(block),
        facts={
            "paths": paths,
            "location": block.text,
            "place": file_line(block),
            "expression": text,
            "escaped": _escaped(text),
        },
        fix=_fix(nginx, first.match),
    )


def _taken_paths(nginx: Nginx) -> Iterator[_Taken]:
    """Yield what visitors do not get because of such a dot: the target, then what the log has."""
    evidence = nginx.evidence
    path = evidence.target.path_without_query
    for page in page_exchanges(evidence):
        if page.status in _REFUSALS and (match := _match(nginx, path)):
            yield _Taken(path, page, match)
    for failure in current_failures(evidence, _REFUSALS):
        match = _match(nginx, failure.path) if failure.is_from_page else None
        if match is not None:
            yield _Taken(failure.path, failure, match)


def _match(nginx: Nginx, path: str) -> LocationMatch | None:
    """Return the location that takes a path because of a dot, and refuses it."""
    for selected in () if nginx.is_refused else nginx.answering_servers():
        match = match_location(selected.server, path)
        pattern = location_pattern(match.block) if match.block.name == "location" else None
        if pattern is None or pattern.modifier not in {"~", "~*"} or not _refuses(match):
            continue
        escaped, ignores_case = _escaped(pattern.text), pattern.modifier == "~*"
        is_other = escaped != pattern.text and is_supported_pcre(escaped)
        if is_other and not pcre_matches(escaped, path, ignores_case):
            return match
    return None


def _refuses(match: LocationMatch) -> bool:
    """Return whether a location answers nobody: `deny all` before any `allow`, or `return` with
    such a status."""
    rules = access_rules(match)
    is_closed = bool(rules) and (rules[0].name, *rules[0].args) == ("deny", "all")
    returns = [line.args[0] for line in children(match.block, "return") if line.args]
    return is_closed or any(status in {"403", "404", "444"} for status in returns)


def _escaped(expression: str) -> str:
    return _DOT.sub(r"\\.", expression)


def _fix(nginx: Nginx, match: LocationMatch) -> Fix:
    """Write the backslash. It opens what the location has closed by mistake: it needs a look."""
    block, file = match.block, nginx.file(match.block)
    pattern = location_pattern(block)
    manual = Fix((Manual("escape", Where.SERVER),), Applicability.MANUAL)
    if file is None or pattern is None:
        return manual
    head = file.text[block.start : block.opened]
    if head.count(pattern.text) != 1 or _QUOTED & set(_escaped(pattern.text)):
        return manual
    change = TextEdit(block.start, block.opened, head.replace(pattern.text, _escaped(pattern.text)))
    file_edits = config_edits(nginx, {file.path: [change]})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else manual
