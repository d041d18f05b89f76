"""An `if` beside `try_files` turns `try_files` off: if its condition holds, nginx takes the block
of the `if` for the location, and `try_files` is not inherited (ngx_http_rewrite_module, "if").

So nginx looks for a file of the path's own name, and answers 404 or 403 where index.html or an
application was meant. A `return` in the `if` is no problem, and neither is a `rewrite … last`.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._fallback_edits import fallback_edits, has_taking_condition, is_usual
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
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.conditions import condition_holds, request_variables
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch

#: What ends or leads on the request inside the `if` itself.
_LEAVES = {"return", "rewrite", "proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass", "root"}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "nginx.target-not-found", "nginx.front-controller-missing", "nginx.index-missing",
        "nginx.file-forbidden",
    ],
)  # fmt: skip
def if_disables_try_files(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    pages = [page for page in page_exchanges(evidence) if _is_nginx_refusal(page)]
    match = next(iter(nginx.location_matches(target.path_without_query)), None)
    fallback = match.directive("try_files") if match else None
    if not pages or match is None or fallback is None or fallback.args[-1:] == ("=404",):
        return
    condition = _taken_condition(evidence, match)
    if condition is None or fallback not in (match.block.block or ()):
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=Confidence.CERTAIN if _holds(evidence, match, condition) else Confidence.LIKELY,
        location=nginx.location(condition),
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            "condition": " ".join(("if", *condition.args)).replace(" )", ")"),
            "place": file_line(condition),
            "fallback": " ".join(("try_files", *fallback.args)),
            "fallback_place": file_line(fallback),
            "location": match.block.text,
            "sets": _only_sets(condition),
            "rewrite": is_usual(fallback) and has_taking_condition(match.block),
        },
        fix=_fix(nginx, match, condition, fallback),
    )


def _is_nginx_refusal(page: Exchange) -> bool:
    return page.status in {403, 404} and proxy_page(page.body) == "nginx"


def _taken_condition(evidence: Evidence, match: LocationMatch) -> Directive | None:
    """Return the last `if` of the location whose condition may hold: that one nginx takes for the
    location."""
    for condition in reversed(children(match.block, "if")):
        names = {directive.name for directive in condition.block or ()}
        if _holds(evidence, match, condition) is not False:
            return None if names & _LEAVES else condition
    return None


def _holds(evidence: Evidence, match: LocationMatch, condition: Directive) -> bool | None:
    """Return whether the condition holds for our request; None if that cannot be known."""
    target = evidence.target
    page = next(iter(page_exchanges(evidence)), None)
    request = ClientRequest(
        "", target.host, target.path, "https" if target.uses_tls else "http", target.port,
        method=page.method if page else "GET",
        fields=(("referer", ""), ("cookie", ""), ("origin", "")),
    )  # fmt: skip
    return condition_holds(match, condition, {**request_variables(request)})


def _only_sets(condition: Directive) -> bool:
    return {directive.name for directive in condition.block or ()} <= {"set"}


def _fix(nginx: Nginx, match: LocationMatch, condition: Directive, fallback: Directive) -> Fix:
    """Move an `if` that only sets variables before the locations, where it takes none; or fall back
    by a `rewrite`, which works beside it."""
    server, file = match.blocks[1], nginx.file(condition)
    is_here = file is not None and server.file == condition.file == match.block.file
    if not _only_sets(condition) and is_usual(fallback) and has_taking_condition(match.block):
        file_edits = fallback_edits(nginx, match, fallback.args[-1])
        if file_edits:
            return location_fix(nginx, match, file_edits, sure=False)
    if file is None or not is_here or not _only_sets(condition):
        return Fix((Manual("use-a-map", Where.SERVER),), Applicability.MANUAL)
    text = file.text[condition.start : condition.stop]
    lines = [line.strip() for line in text.splitlines()]
    changes = [
        edits.insert_first(file.text, server, _indented(lines)),
        edits.remove_directive(file.text, condition),
    ]
    file_edits = config_edits(nginx, {condition.file: changes})
    if not file_edits:
        return Fix((Manual("use-a-map", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)


def _indented(lines: list[str]) -> list[str]:
    if len(lines) < 3:
        return lines
    return [lines[0], *(f"    {line}" for line in lines[1:-1]), lines[-1]]
