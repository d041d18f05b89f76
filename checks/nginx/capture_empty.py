"""A line names a group of an expression that has fewer groups: `rewrite ^/static/(.*)$ /$2 last;`.
Such a variable is empty (ngx_http_rewrite_module, "rewrite": "$1", "$2", …), so that every path
becomes the same one: visitors get another page, or one for all.

The same for `return`, `alias`, `root`, `try_files` and `proxy_pass` in a location with an
expression, if no `if` and no `rewrite` of it, and no expression of the name, has groups of its own.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files as page_files
from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, match_location
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_groups, pcre_matches

#: A group that a line names by its number.
_NUMBERED = re.compile(r"\$\{?(\d)\}?")
#: Lines that name groups of the location's expression.
_LINES = frozenset({"return", "alias", "root", "try_files", "proxy_pass"})
_REGULAR = frozenset({"~", "~*"})


@frozen(eq=False)
class _Empty:
    """A line that names a group, its number, the expression, and how many groups that has."""

    match: LocationMatch
    directive: Directive
    number: int
    expression: str
    groups: int


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[Exchange, PageFileResponse],
    explains=[
        "http.page-file-missing", "http.page-file-type", "http.redirect-to-error",
        "http.redirect-loop", "http.server-error", "nginx.other-requests-failed",
        "nginx.own-answer", "nginx.target-not-found", "nginx.page-file-not-found",
        "nginx.redirect-cycle", "nginx.index-missing", "nginx.redirect-behind",
        "http.last-slash", "upstream.own-answer", "upstream.wrong-path",
    ],
)  # fmt: skip
def capture_empty(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    groups: dict[int, list[tuple[str, Observation, _Empty]]] = {}
    for path, response in _failing(evidence):
        for selected in () if nginx.is_refused or not path else nginx.answering_servers():
            for empty in _empty_groups(match_location(selected.server, path), path):
                key = id(empty.directive)
                groups.setdefault(key, []).append((path, response, empty))
    for lost in groups.values():
        yield _claim(nginx, lost)


def _failing(evidence: Evidence) -> Iterator[tuple[str, Observation]]:
    """Yield what is not answered, or redirected: the target, files of its page, and what pages of
    the site asked for."""
    for page in page_exchanges(evidence):
        if (page.status or 0) >= 300:
            yield evidence.target.path_without_query, page
    for file in page_files.all_refused_files(evidence):
        first = (file.response.redirects or (file.response.url,))[0]
        yield _path_of(evidence, file.response.url) or _path_of(evidence, first), file.response
    for failure in current_failures(evidence):
        if failure.is_from_page:
            yield failure.path, failure


def _path_of(evidence: Evidence, url: str) -> str:
    origin = evidence.target.origin
    return url.removeprefix(origin).partition("?")[0] if url.startswith(f"{origin}/") else ""


def _empty_groups(match: LocationMatch, path: str) -> Iterator[_Empty]:
    """Yield the lines of a location, and of its server block, that name a group which is not
    there."""
    for block in match.blocks[1:]:
        for directive in block.block or ():
            if directive.name == "rewrite" and len(directive.args) > 1:
                pattern, replacement = directive.args[:2]
                if is_supported_pcre(pattern) and pcre_matches(pattern, path, ignore_case=False):
                    yield from _beyond(match, directive, replacement, pattern)
    place = location_pattern(match.block) if match.block.name == "location" else None
    if place is None or place.modifier not in _REGULAR or not is_supported_pcre(place.text):
        return
    inner = list(walk(match.block.block or ()))
    names = [
        name
        for directive in match.blocks[1].block or ()
        if directive.name == "server_name"
        for name in directive.args
    ]
    has_others = any(each.name in {"if", "rewrite", "map"} for each in inner) or any(
        name.startswith("~") for name in names
    )
    outer_rules = any(each.name in {"if", "rewrite"} for each in match.blocks[1].block or ())
    for directive in () if has_others or outer_rules else match.block.block or ():
        if directive.name in _LINES:
            yield from _beyond(match, directive, " ".join(directive.args), place.text)


def _beyond(
    match: LocationMatch, directive: Directive, text: str, pattern: str
) -> Iterator[_Empty]:
    groups = pcre_groups(pattern)
    numbers = [int(number) for number in _NUMBERED.findall(text) if int(number) > groups]
    if numbers:
        yield _Empty(match, directive, numbers[0], pattern, groups)


def _is_first(empty: _Empty) -> bool:
    """Return whether no other rule comes before the line."""
    rules = [
        directive
        for block in empty.match.blocks[1:]
        for directive in block.block or ()
        if directive.name in {"if", "rewrite", "return", "break"}
    ]
    return not rules or rules[0] is empty.directive or empty.directive not in rules


def _claim(nginx: Nginx, lost: list[tuple[str, Observation, _Empty]]) -> Claim:
    evidence, port = nginx.evidence, nginx.evidence.target.port
    path, _, empty = lost[0]
    pages = [seen for _, seen, _ in lost if isinstance(seen, Exchange)]
    files = [seen for _, seen, _ in lost if isinstance(seen, PageFileResponse)]
    page = page_files.page_of(evidence)
    paths = tuple(dict.fromkeys(path for path, _, _ in lost))
    severity = (
        page_files.severity(page, [file.url for file in files])
        if page and files and not pages
        else None
        if pages
        else Severity.WARNING
    )
    right = f"${empty.groups}" if empty.groups == 1 else ""
    return Claim(
        about=Subject(port=port, path=path),
        covers=(
            *(Subject(port=port, path=path) for path in paths),
            *endpoint_subjects(pages),
            *((page_files.page_subject(page),) if page and files else ()),
        ),
        because=(
            *dict.fromkeys(seen for _, seen, _ in lost),
            *nginx.configs,
        ),
        # A rule before it may lead the path elsewhere.
        confidence=Confidence.CERTAIN if _is_first(empty) else Confidence.LIKELY,
        severity=severity,
        location=nginx.location(empty.directive),
        facts={
            "path": path,
            "paths": paths[1:4],
            "group": f"${empty.number}",
            "groups": empty.groups,
            "expression": empty.expression,
            "line": empty.directive.text,
            "place": file_line(empty.directive),
            "right": right,
        },
        fix=_fix(nginx, empty, right),
    )


def _fix(nginx: Nginx, empty: _Empty, right: str) -> Fix:
    file = nginx.file(empty.directive)
    if file is not None and right:
        line = file.text[empty.directive.start : empty.directive.stop]
        head, named, rest = line.rpartition(f"${empty.number}")
        if named and line.count(named) == 1:
            change = edits.replace_directive(empty.directive, f"{head}{right}{rest}")
            if file_edits := config_edits(nginx, {file.path: [change]}):
                return location_fix(nginx, empty.match, file_edits, sure=False)
    return Fix((Manual("name-a-group", Where.SERVER),), Applicability.MANUAL)
