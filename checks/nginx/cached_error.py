"""nginx answers with an error from its cache (ngx_http_proxy_module, proxy_cache_valid), while the
application answers the same request well: `proxy_cache_valid any` stores errors too, and keeps them
after the application is back.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._cached_answers import cache_folder, emptied, emptying_step
from checks.nginx._edits import config_edits
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
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, error_pages
from diagnose.model.nginx import Directive, NginxConfig, UpstreamTry
from diagnose.model.requests import Asked, ComparedRequest
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch


@check(severity=Severity.ERROR, needs=[NginxConfig, Exchange], explains=["http.server-error"])
def cached_error(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    pages = error_pages(evidence)
    direct = _direct_answers(evidence, path)
    for match in nginx.location_matches(path):
        directive = _storing(match, pages[0].status or 0) if pages else None
        if directive is None or not direct:
            continue
        subjects = endpoint_subjects(pages)
        zone = match.directive("proxy_cache")
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*pages, *direct, *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            facts={
                "url": pages[0].url,
                "status": pages[0].status,
                "rule": directive.text,
                "place": file_line(directive),
                "zone": zone.args[0] if zone else "",
                "folder": cache_folder(match, zone.args[0]) if zone else "",
            },
            fix=_fix(nginx, match, directive, zone),
        )


def _storing(match: LocationMatch, status: int) -> Directive | None:
    """Return the proxy_cache_valid by which nginx stores answers with this status."""
    zone = match.directive("proxy_cache")
    if zone is None or zone.args[:1] in {(), ("off",)}:
        return None
    return next(
        (
            directive
            for directive in match.directives("proxy_cache_valid")
            if {"any", str(status)} & set(directive.args[:-1])
        ),
        None,
    )


def _direct_answers(evidence: Evidence, path: str) -> tuple[Observation, ...]:
    """Return the application's answers to the page, if all of them are well."""
    answers: list[UpstreamTry | Asked | ComparedRequest] = [
        *(
            upstream_try
            for upstream_try in evidence.good(UpstreamTry)
            if upstream_try.asked and upstream_try.path == path
        ),
        *(
            direct_answer
            for direct_answer in evidence.good(Asked)
            if direct_answer.variant == "passed"
        ),
        *(
            compared_request
            for compared_request in evidence.good(ComparedRequest)
            if compared_request.part == "none"
        ),
    ]
    statuses = [answer.status for answer in answers if answer.status]
    return tuple(answers) if statuses and all(status < 400 for status in statuses) else ()


def _fix(nginx: Nginx, match: LocationMatch, rule: Directive, zone: Directive | None) -> Fix:
    """Keep only good answers, as long as before, and empty the cache. How long, a person
    confirms."""
    file = nginx.file(rule)
    empty = emptying_step(nginx, match, zone.args[0]) if zone else None
    if file is None or empty is None or isinstance(empty, Manual):
        return Fix((Manual("clear-the-cache", Where.SERVER),), Applicability.MANUAL)
    others = [line for line in match.directives(rule.name) if line is not rule]
    kept = [word for word in rule.args[:-1] if word[:1] in {"2", "3"}]
    if "any" in rule.args and not any(map(_keeps_pages, others)):
        kept = ["200", "301", "302"]
    line = " ".join((rule.name, *kept, rule.args[-1]))
    change = edits.replace_directive(rule, f"{line};") if kept else None
    change = change or edits.remove_directive(file.text, rule)
    file_edits = config_edits(nginx, {rule.file: [change]})
    if not file_edits:
        return Fix((Manual("clear-the-cache", Where.SERVER),), Applicability.MANUAL)
    return emptied(location_fix(nginx, match, file_edits, sure=False), empty)


def _keeps_pages(line: Directive) -> bool:
    """Return whether a `proxy_cache_valid` keeps pages: without a status it is about 200, 301 and
    302 (ngx_http_proxy_module)."""
    return len(line.args) == 1 or "200" in line.args[:-1]
