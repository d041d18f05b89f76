"""A pasted message says 504, or that nginx waited too long for the application, and neither this
run nor nginx's logs met it: how long nginx waits on the way of the address is known, and where that
is set (ngx_http_proxy_module, "proxy_read_timeout"; 60 seconds by default).

Or a message tells the very time that nginx waits there ("the export fails after 60 s"): that of a
WebSocket is websocket.idle-timeout.

Or a message tells of 405 for a POST, and nginx's log that it waited too long for that request: then
`error_page` led it to a file, which nginx sends for GET only.

The application answers the page of this run. So the request of the message needed longer, or the
application hung at that time. Where a log has such a request, upstream.request-timed-out names it.
Where it has them from before the last reload only, and the time is set, somebody has raised it.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import location_fix
from checks.nginx._page_errors import logged_errors
from checks.upstream._gateways import (
    gateway_prefix,
    gateways_of,
    longer_waits,
    read_timeout_of,
)
from checks.upstream._logged_requests import error_page_here
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
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.http import hops
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Seconds: what is written where it was too short (a guess: the time that the application needs is
#: not known). Who waits so long already has decided.
_LONGER = 300
#: nginx's own page of a 504, and the message of its log.
_NGINX_PAGE = lazy_pattern(r"(?i)time-?out\W{0,40}nginx|nginx/\d|upstream timed out")


@check(severity=Severity.WARNING, needs=[NginxConfig, Exchange], needs_message=True)
def read_timeout(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = [page for page in page_exchanges(evidence) if (page.status or 500) < 500]
    refused = _refused_line(evidence)
    is_known = current_failures(evidence, {504}) or logged_errors(evidence, "upstream timed out")
    is_reported = _is_reported(evidence, pages)
    is_told = not is_known and (is_reported or _may_tell_time(evidence, pages))
    if not pages or not (is_told or refused):
        return
    matches = gateways_of(nginx, evidence.target.path)
    # Of several blocks, one behind the other, the least patient one ends the request.
    for match in sorted(matches, key=_patience):
        prefix = gateway_prefix(match)
        timeout = read_timeout_of(match, prefix)
        if not 0 < timeout.patience < _LONGER:
            continue
        is_timed = _tells_time(evidence, timeout.patience)
        refusing = error_page_here(match, 504) if refused else None
        if not (refusing if refused else is_reported or is_timed):
            continue
        if _is_told_sooner(evidence, timeout.patience):
            continue
        if timeout.text and _is_older(evidence):
            continue
        place = timeout.directive or pass_directive_of(match) or match.block
        file_edits = longer_waits(nginx, evidence.target.path, _LONGER)
        subjects = endpoint_subjects(pages)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*pages, *([refused] if refused else []), *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(place),
            facts={
                "url": pages[0].url,
                "patience": f"{timeout.patience:g}",
                "directive": timeout.name,
                "set": timeout.text,
                "place": file_line(place),
                "longer": _LONGER,
                "php": prefix == "fastcgi",
                "timed": is_timed and not refused,
                "refused": refused.request.rpartition(" ")[0] if refused else "",
                "message": refused.text if refused else "",
                "log": refused.file if refused else "",
                "refusing": refusing.text if refusing else "",
            },
            fix=location_fix(nginx, match, file_edits, sure=False)
            if file_edits
            else Fix((Manual("wait-longer", Where.SERVER),), Applicability.MANUAL),
        )
        return


def _refused_line(evidence: Evidence) -> LogLine | None:
    """Return nginx's line that it waited too long for a request that sends something to the
    target's path, after a message about 405."""
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind != "status" or symptom.number != 405:
        return None
    lines = logged_errors(evidence, "upstream timed out", evidence.target.path)
    sent = [line for line, _ in lines if line.request.split(" ")[0] not in {"", "GET", "HEAD"}]
    return sent[-1] if sent else None


def _patience(match: LocationMatch) -> float:
    return read_timeout_of(match, gateway_prefix(match)).patience


def _is_older(evidence: Evidence) -> bool:
    """Return whether nginx gave up by its log, and only before it loaded its configuration."""
    master = Nginx.of(evidence).master
    lines = error_log.matching_lines(evidence.of(LogLine), host=evidence.target.host)
    late = [line for line in lines if line.text.startswith("upstream timed out")]
    return bool(late and master and master.loaded) and all(
        line.when < int(master.loaded or 0.0) for line in late if master
    )


def _may_tell_time(evidence: Evidence, pages: list[Exchange]) -> bool:
    """Return whether a time that a message tells may be nginx's: no WebSocket is what the message
    is about, and nothing stands in front with a time of its own."""
    is_alone = not any(hops(page.headers) for page in pages)
    return evidence.target.symptom is not None and not evidence.target.websockets and is_alone


def _tells_time(evidence: Evidence, seconds: float) -> bool:
    from diagnose.parsers.cut_connections import lasts_as_long

    symptom = evidence.target.symptom
    return symptom is not None and lasts_as_long(symptom, seconds)


def _is_told_sooner(evidence: Evidence, seconds: float) -> bool:
    """Return whether a message tells a time in which nginx does not give up yet."""
    from diagnose.parsers.cut_connections import ends_sooner

    symptom = evidence.target.symptom
    return symptom is not None and ends_sooner(symptom, seconds)


def _is_reported(evidence: Evidence, pages: list[Exchange]) -> bool:
    """Return whether a message says that nginx waited too long. A 504 behind a CDN or a balancer
    may be theirs, unless it has nginx's name as its own page has."""
    symptom = evidence.target.symptom
    if symptom is None:
        return False
    if symptom.kind == "upstream-timeout":
        return True
    is_nginx = _NGINX_PAGE.search(symptom.text) is not None or not any(
        hops(page.headers) for page in pages
    )
    return symptom.kind == "status" and symptom.number == 504 and is_nginx
