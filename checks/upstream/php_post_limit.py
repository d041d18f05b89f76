"""PHP got more than post_max_size (default 8M), and drops the whole body: the script sees an empty
form, and visitors get a page without the upload or a message that nothing was sent. PHP writes it
to its error output, which nginx logs (main/SAPI.c: "POST Content-Length of 9000000 bytes exceeds
the limit of 8388608 bytes"). nginx's own limit let the request through.

The limit may have been raised since. Where one file of PHP still has the limit that was logged,
that line is edited.
"""

from collections.abc import Iterator

from checks.nginx import NO_PORT, Nginx
from checks.upstream._responses import asks_about_size
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
)
from diagnose.model.applications import ReadSetting
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.proxy_headers import size_text
from diagnose.parsers.php_warnings import DROPPED_BODY
from diagnose.parsers.urls import parse_url

#: Uploads from which on they are no accident.
_OFTEN = 2


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, LogLine],
    explains=["nginx.body-limit", "nginx.other-requests-failed", "http.server-error"],
)
def php_post_limit(evidence: Evidence) -> Iterator[Claim]:
    target, nginx = evidence.target, Nginx.of(evidence)
    lines = error_log.matching_lines(
        evidence.of(LogLine), host=target.host, pattern=DROPPED_BODY.pattern
    )
    if not lines or nginx.is_refused:
        return
    largest = max(lines, key=lambda line: _sizes(line)[0])
    size, limit = _sizes(largest)
    times = sum(line.times for line in lines)
    reads = [
        read
        for read in evidence.good(ReadSetting)
        if read.application == "php" and read.topic == "upload"
    ]
    read = next((each for each in reads if each.values == (str(limit),)), None)
    wanted = size_text(next(1 << shift for shift in range(20, 64) if 1 << shift >= size)).upper()
    yield Claim(
        about=Subject(port=target.port, path=largest.path),
        covers=(NO_PORT, *(Subject(port=target.port, path=line.path) for line in lines)),
        because=(*lines, *reads, *nginx.configs),
        confidence=Confidence.LIKELY,
        # How much visitors may send is a decision, unless a person asks about it or pages of the
        # site meet the limit.
        severity=None
        if asks_about_size(evidence) or (times >= _OFTEN and _is_from_page(evidence, lines))
        else Severity.NOTE,
        facts={
            "path": largest.path,
            "size": size,
            "limit": limit,
            "limit_text": size_text(limit).upper(),
            "wanted": reads[0].wanted if reads else wanted,
            "place": read.place if read else "",
            "set": read.line.strip() if read else "",
            "again": times if times > 1 else "",
            "message": largest.text,
        },
        ruled_out=("upstream.body-too-large",),
        fix=_fix(reads),
    )


def _fix(reads: list[ReadSetting]) -> Fix:
    if not reads:
        return Fix((Manual("raise", Where.APPLICATION),), Applicability.MANUAL)
    # Imported late: few sites have such a file.
    from checks.upstream._setting_fixes import setting_fix

    return setting_fix(reads, "raise")


def _sizes(line: LogLine) -> tuple[int, int]:
    match = DROPPED_BODY.search(line.text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _is_from_page(evidence: Evidence, lines: tuple[LogLine, ...]) -> bool:
    """Return whether a page of the site sent one of them."""
    urls = (parse_url(line.referrer) for line in lines if line.referrer)
    return any(url is not None and url.host == evidence.target.host for url in urls)
