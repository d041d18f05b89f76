"""Somebody sent more than client_max_body_size (default 1m) and got 413 (error.log: "client
intended to send too large body: 2097152 bytes"). The site works; whether such uploads should be
possible is a decision, unless a person asks about 413, or the limit refuses what is no upload: the
unit is forgotten (`client_max_body_size 10;` are ten bytes)."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._commands import reload_steps
from checks.upstream._responses import asks_about_size
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx import proxy_headers as header_parser
from diagnose.parsers.nginx.locations import LocationMatch

DEFAULT_LIMIT = 1 << 20
#: Bytes. A form without a file is smaller.
_FORM = 16 << 10
_LOG_PATTERN = r"client intended to send too large (?:chunked )?body: (\d+)"


@check(
    severity=Severity.NOTE,
    needs=[NginxConfig, LogLine],
    explains=["nginx.other-requests-failed"],
)
def body_too_large(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    log_lines = error_log.matching_lines(
        evidence.of(LogLine), host=evidence.target.host, pattern=_LOG_PATTERN
    )
    groups: dict[int, tuple[LocationMatch, list[LogLine]]] = {}
    for line in log_lines:
        for match in nginx.location_matches(line.path or "/"):
            if _body_size(line) > _limit(match) > 0:
                groups.setdefault(id(match.block), (match, []))[1].append(line)
    for match, lines in groups.values():
        yield _claim(nginx, match, lines)


def _body_size(line: LogLine) -> int:
    match = re.search(_LOG_PATTERN, line.text)
    return int(match[1]) if match else 0


def _limit(match: LocationMatch) -> int:
    """Return client_max_body_size in bytes; 0 means no limit."""
    directive = match.directive("client_max_body_size")
    amount = header_parser.parse_size(directive.args[0]) if directive and directive.args else None
    return DEFAULT_LIMIT if amount is None else amount


def _claim(nginx: Nginx, match: LocationMatch, lines: list[LogLine]) -> Claim:
    largest = max(lines, key=_body_size)
    directive = match.directive("client_max_body_size")
    new_limit = next(
        size for size in (1 << shift for shift in range(20, 64)) if size >= _body_size(largest)
    )
    file_edits = _location_edits.setting_edits(
        nginx, match, {"client_max_body_size": header_parser.size_text(new_limit)}
    )
    reported_directive = directive or match.block
    times = sum(line.times for line in lines)
    return Claim(
        about=Subject(
            port=nginx.evidence.target.port, path=largest.path, text=file_line(reported_directive)
        ),
        covers=tuple(
            Subject(port=nginx.evidence.target.port, path=path)
            for path in dict.fromkeys(line.path for line in lines)
        ),
        because=(*lines, *([nginx.config] if nginx.config else [])),
        facts={
            "path": largest.path,
            "size": _body_size(largest),
            "limit": header_parser.size_text(_limit(match)),
            "set": directive is not None,
            "place": file_line(reported_directive),
            "again": times if times > 1 else "",
            "message": largest.text,
        },
        confidence=Confidence.CERTAIN,
        # Who asks about 413 wants the uploads to work, and nobody wants forms to fail.
        severity=Severity.WARNING
        if asks_about_size(nginx.evidence) or _limit(match) < _FORM
        else None,
        location=nginx.location(reported_directive),
        fix=Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW),
    )
