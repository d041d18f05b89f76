"""A request's line or one of its fields did not fit into a buffer of large_client_header_buffers
(4 8k unless set): 414, or 400 "Request Header Or Cookie Too Large". nginx logs it at the level
info only, so that it is mostly seen by those who meet it: with old, large cookies."""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, where
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx import proxy_headers as wire
from diagnose.parsers.nginx.server_blocks import Place

#: nginx's own size of a buffer.
DEFAULT = 8 << 10

NAME = "large_client_header_buffers"
_SAID = r"client sent too (?:long header line|long URI|large request|large header)"
_PAGES = ("Request Header Or Cookie Too Large", "Request-URI Too Large")


@check(severity=Severity.NOTE, needs=[NginxConfig])
def request_header_too_large(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    lines = error_log.about(evidence.of(LogLine), says=_SAID)
    loaded = (nginx.master.loaded if nginx.master else None) or 0.0
    # The log knows whole seconds.
    lines = tuple(one for one in lines if one.when + 1 > loaded and _is_ours(one, target.host))
    # Our own request is as small as one can be.
    ours = tuple(
        one
        for one in evidence.of(Exchange)
        if one.purpose == "target" and one.port == target.port and _is_refused(one)
    )
    place = next(nginx.places(target.path), None)
    if place and (lines or ours):
        yield _claim(nginx, place, lines, ours)


def _is_ours(line: LogLine, host: str) -> bool:
    """The Host field comes late: a line without one is about whoever was connected to."""
    return not line.host or bool(error_log.about([line], host=host))


def _is_refused(one: Exchange) -> bool:
    return one.status in {400, 414, 494} and any(words in one.body for words in _PAGES)


def _claim(
    nginx: Nginx, place: Place, lines: tuple[LogLine, ...], ours: tuple[Exchange, ...]
) -> Claim:
    # The size of the default server's block holds for all, as the Host is not known yet.
    server = Place(place.blocks[:2])
    given = server.one(NAME)
    number, each = _buffers(given.args if given else ())
    enough = DEFAULT if given is not None and each < DEFAULT else max(4 * each, 32 << 10)
    wanted = f"{max(number, 4)} {wire.shown(enough)}"
    made = _location_edits.settings(nginx, server, {NAME: wanted})
    shown = given or server.location
    times = sum(one.times for one in lines)
    # Less than nginx's own default was chosen, and refuses visitors: the default is safe. More
    # than that takes memory for each of them.
    small = given is not None and each < DEFAULT
    applicability = Applicability.AUTOMATIC if small else Applicability.REVIEW
    return Claim(
        about=Subject(port=nginx.evidence.target.port, text=where(shown)),
        because=(*lines, *ours, *([nginx.config] if nginx.config else [])),
        facts={
            "message": lines[-1].text if lines else "",
            "again": times if times > 1 else "",
            "status": next((one.status for one in ours), None) or "",
            "set": given is not None,
            "place": where(shown),
            "limit": f"{number} {wire.shown(each)}",
        },
        severity=Severity.ERROR if ours else Severity.WARNING if small else None,
        confidence=Confidence.CERTAIN,
        location=nginx.location(shown),
        fix=Fix((*made, *nginx.taken()), applicability),
    )


def _buffers(args: tuple[str, ...]) -> tuple[int, int]:
    each = wire.size(args[1]) if len(args) > 1 else None
    return (int(args[0]), each) if each and args[0].isdecimal() else (4, 8 << 10)
