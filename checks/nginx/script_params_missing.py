"""A location passes requests to PHP or uwsgi without the parameters that describe them: forms
arrive empty, and the query of an address is lost (ngx_http_fastcgi_module, "fastcgi_param";
ngx_http_uwsgi_module, "uwsgi_param").

The parameters of an outer level are inherited only where the location has none of its own: a single
line in the location takes all others away. Without REQUEST_METHOD PHP-FPM answers with an empty
page (php-src, sapi/fpm/fpm/fpm_main.c).
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
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
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, location_pattern
from diagnose.parsers.nginx.server_blocks import Server

#: What a program learns of a request by parameters alone (RFC 3875 section 4.1).
_NEEDED = ("REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH")
#: nginx's own file with all of them, by protocol.
_FILES = {"fastcgi": "fastcgi.conf", "uwsgi": "uwsgi_params"}


@frozen
class _Gateway:
    """A location that passes requests on, its pass directive, and the parameters that it lacks."""

    match: LocationMatch
    passing: Directive
    protocol: str
    missing: tuple[str, ...]


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.blank-page", "http.server-error", "nginx.script-name-missing",
        "upstream.own-answer",
    ],
)  # fmt: skip
def script_params_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    if not pages or nginx.is_refused:
        return
    for selected in nginx.answering_servers():
        own = _gateway(final_location(selected.server, evidence.target.path))
        gateway = own or _first_gateway(selected.server)
        if gateway is not None:
            yield _claim(nginx, gateway, pages, is_own=own is not None)
            return


def _first_gateway(server: Server) -> _Gateway | None:
    """Return the first location that visitors may use. One for a single path may be meant for a
    program that needs no more, as PHP-FPM's /ping."""
    for match in all_locations(server):
        pattern = location_pattern(match.block)
        if pattern is not None and pattern.modifier != "=" and (gateway := _gateway(match)):
            return gateway
    return None


def _gateway(match: LocationMatch) -> _Gateway | None:
    for protocol in _FILES:
        for passing in children(match.block, f"{protocol}_pass"):
            parameters = match.directives(f"{protocol}_param")
            names = {line.args[0] for line in parameters if line.args}
            missing = tuple(name for name in _NEEDED if name not in names)
            if missing and (protocol == "uwsgi" or _is_php(match, passing)):
                return _Gateway(match, passing, protocol, missing)
    return None


def _is_php(match: LocationMatch, passing: Directive) -> bool:
    """Other programs behind fastcgi_pass may need less."""
    words = " ".join((*match.block.args, *passing.args)).lower()
    return "php" in words or words.endswith(":9000")


def _claim(nginx: Nginx, gateway: _Gateway, pages: tuple[Exchange, ...], is_own: bool) -> Claim:
    evidence, match = nginx.evidence, gateway.match
    subjects = endpoint_subjects(pages)
    is_failing = is_own and any(page.status != 200 or not page.body for page in pages)
    own = children(match.block, f"{gateway.protocol}_param")
    return Claim(
        about=merge_subjects(subjects)
        if is_failing
        else Subject(port=evidence.target.port, text=file_line(gateway.passing)),
        covers=subjects if is_failing else (NO_PORT,),
        because=(*pages[:1], *nginx.configs),
        severity=Severity.ERROR if is_failing else None,
        confidence=Confidence.LIKELY,
        location=nginx.location(gateway.passing),
        facts={
            "location": match.block.text,
            "place": file_line(gateway.passing),
            "application": gateway.passing.args[0] if gateway.passing.args else "",
            "missing": gateway.missing,
            "file": _FILES[gateway.protocol],
            "name": f"{gateway.protocol}_param",
            "lost": _outer_parameters(gateway) and bool(own),
            "line": file_line(own[0]) if own else "",
        },
        fix=_fix(nginx, gateway),
    )


def _outer_parameters(gateway: _Gateway) -> bool:
    """Return whether an outer level has parameters that the location does not inherit."""
    name = f"{gateway.protocol}_param"
    return any(children(block, name) for block in gateway.match.blocks[:-1])


def _fix(nginx: Nginx, gateway: _Gateway) -> Fix:
    """Include nginx's own file of parameters before what the location says itself: the last of two
    with one name counts."""
    file = nginx.file(gateway.passing)
    own = children(gateway.match.block, f"{gateway.protocol}_param")
    anchor = own[0] if own and own[0].file == gateway.passing.file else gateway.passing
    line = f"include {_FILES[gateway.protocol]};"
    change = edits.insert_before(file.text, anchor, [line]) if file else None
    file_edits = config_edits(nginx, {anchor.file: [change]}) if change else ()
    if not file_edits:
        return Fix((Manual("include-the-file", Where.SERVER),), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
