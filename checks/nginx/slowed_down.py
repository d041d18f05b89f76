"""nginx itself makes the site slow: it sends a few bytes a second (ngx_http_core_module,
"limit_rate", a number of bytes unless it ends with k or m; "proxy_limit_rate" and the like), or it
lets the requests of a page wait for each other (ngx_http_limit_req_module: `burst` without
`nodelay` delays what is above the rate).

Nothing fails, so that no log shows it. A rate of some kilobytes may be meant, and so may a limit
that delays a few requests. Where the limit refuses files of the page as well, `request_limit` says
so.
"""

from collections.abc import Iterator

from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._edits import Changes
from checks.nginx._page_limits import page_files, refused_files, requests_a_second
from checks.upstream._edits import edit_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch, all_locations
from diagnose.parsers.nginx.proxy_headers import parse_size
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Bytes a second. A modem of the nineties had more.
_SLOWEST = 4096
#: Seconds that a page's files wait for each other before visitors notice.
_LONG = 3.0


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.body-cut", "http.server-error", "http.slow", "upstream.stream-buffered",
        "websocket.not-upgraded",
    ],
)  # fmt: skip
def slowed_down(evidence: Evidence) -> Iterator[Claim]:
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    if not pages or nginx.is_refused:
        return
    for selected in nginx.answering_servers():
        own = final_location(selected.server, evidence.target.path)
        if directive := _byte_limit(own):
            yield _claim(nginx, directive, pages, {"rate": _bytes(directive)}, is_own=True)
            return
        if (waiting := _delay(evidence, own)) and not refused_files(nginx):
            directive, seconds, number = waiting
            facts: dict[str, object] = {"seconds": seconds, "number": number}
            yield _claim(nginx, directive, pages, facts, is_own=False)
            return
        for match in all_locations(selected.server):
            # Behind a rule that refuses, slowness is meant: for programs that look for weak sites.
            if children(match.block, "return"):
                continue
            if directive := _byte_limit(match):
                yield _claim(nginx, directive, pages, {"rate": _bytes(directive)}, is_own=False)
                return


def _byte_limit(match: LocationMatch) -> Directive | None:
    """Return the directive by which a location sends a few bytes a second."""
    passing = pass_directive_of(match)
    prefix = passing.name.removesuffix("_pass") if passing else ""
    for name in ("limit_rate", f"{prefix}_limit_rate"):
        directive = match.directive(name)
        if directive and 0 < _bytes(directive) < _SLOWEST:
            return directive
    return None


def _bytes(directive: Directive) -> int:
    """Return a rate in bytes a second; 0 for none, and for what depends on variables."""
    return (parse_size(directive.args[0]) or 0) if directive.args else 0


def _delay(evidence: Evidence, match: LocationMatch) -> tuple[Directive, float, int] | None:
    """Return the limit that lets the page's own files wait, the seconds that the last one waits,
    and the number of requests."""
    files = page_files(evidence)
    for directive in match.directives("limit_req"):
        words = " ".join(directive.args)
        rate = requests_a_second(match, directive)
        waits = "burst=" in words and "nodelay" not in words and "delay=" not in words
        if waits and rate and files and len(files) / rate >= _LONG:
            return directive, len(files) / rate, len(files) + 1
    return None


def _claim(
    nginx: Nginx,
    directive: Directive,
    pages: tuple[Exchange, ...],
    facts: dict[str, object],
    is_own: bool,
) -> Claim:
    return Claim(
        about=Subject(port=nginx.evidence.target.port, text=file_line(directive)),
        covers=(Subject(),) if is_own else (NO_PORT,),
        because=(*pages, *nginx.configs),
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR if is_own else None,
        location=nginx.location(directive),
        facts={
            "rule": directive.text,
            "place": file_line(directive),
            "name": directive.name,
            "url": pages[0].url,
            "rate": "",
            "seconds": "",
            "number": "",
            **facts,
        },
        fix=_fix(nginx, directive),
    )


def _fix(nginx: Nginx, directive: Directive) -> Fix:
    """Write the rate with its unit, or delay no request that `burst` allows. Whether the limit is
    meant, a person confirms."""
    is_delay = directive.name == "limit_req"
    step = "do-not-delay" if is_delay else "raise-the-rate"
    words = (*directive.args, "nodelay") if is_delay else ("500k",)
    line = f"{' '.join((directive.name, *words))};"
    changes: Changes = {directive.file: [replace_directive(directive, line)]}
    return edit_fix(nginx, changes, step, sure=False)
