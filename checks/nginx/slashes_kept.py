"""A condition of nginx asks the URI as it came ($request_uri), the request has two slashes in a
row, and the expression has one: it does not match, and the request gets another answer. Locations
and $uri have the slashes merged (ngx_http_core_module, "merge_slashes", "$request_uri").
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

_CONDITION = re.compile(r"\(\s*\$request_uri\s+(~\*?)\s*(\S.{0,1000}?)\s*\)")
#: An expression in a file, with its quotes.
_WRITTEN = re.compile(
    r"\(\s*\$request_uri\s+~\*?\s*(?P<quote>[\"']?)(?P<value>[^\"'\s]{1,1000}?)(?P=quote)\s*\)\s*\{"
)


@frozen
class _MissedCondition:
    """An `if` whose expression takes a path with single slashes alone; `expression` takes both."""

    directive: Directive
    expression: str


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[Exchange],
    explains=["http.server-error", "http.page-refused", "upstream.own-answer", "nginx.own-answer"],
)
def slashes_kept(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 400]
    if "//" not in path.partition("?")[0] or not pages:
        return
    missed = next(_missed_conditions(nginx, path), None)
    if missed is None:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=subjects[0],
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=Confidence.LIKELY,
        facts={
            "url": pages[0].url,
            "status": pages[0].status or "",
            "condition": f"if {' '.join(missed.directive.args)}",
            "place": file_line(missed.directive),
            "expression": missed.expression,
            "merged": _merged(path),
        },
        location=nginx.location(missed.directive),
        fix=_fix(nginx, missed),
    )


def _missed_conditions(nginx: Nginx, path: str) -> Iterator[_MissedCondition]:
    merged = _merged(path)
    for match in nginx.location_matches(path):
        for block in match.blocks:
            for directive in children(block, "if"):
                condition = _CONDITION.fullmatch(" ".join(directive.args))
                if condition is None or not is_supported_pcre(condition[2]):
                    continue
                nocase, wider = condition[1] == "~*", _with_any_slashes(condition[2])
                is_of_merged = pcre_search(condition[2], merged, nocase) is not None
                takes_both = all(
                    is_supported_pcre(wider) and pcre_search(wider, each, nocase) is not None
                    for each in (path, merged)
                )
                if is_of_merged and takes_both and pcre_search(condition[2], path, nocase) is None:
                    yield _MissedCondition(directive, wider)


def _merged(path: str) -> str:
    plain, mark, query = path.partition("?")
    return re.sub("/{2,}", "/", plain) + mark + query


def _with_any_slashes(expression: str) -> str:
    """Return an expression that takes several slashes wherever it has one."""
    return re.sub(r"\[[^\]]{0,300}\]|\\?/(?![+*?{])", _several, expression)


def _several(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith("[") else f"{match[0]}+"


def _fix(nginx: Nginx, missed: _MissedCondition) -> Fix:
    directive, file = missed.directive, nginx.file(missed.directive)
    head = file.text[directive.start : directive.opened] if file else ""
    written = _WRITTEN.search(head)
    edits: tuple[Edit, ...] = ()
    if file is not None and written is not None:
        start, stop = (directive.start + edge for edge in written.span("value"))
        change = TextEdit(start, stop, _with_any_slashes(written["value"]), directive.file)
        edits = config_edits(nginx, {directive.file: [change]})
    if not edits:
        step = Manual("widen", Where.SERVER)
        return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
    return Fix((*edits, *reload_steps(nginx)), Applicability.REVIEW)
