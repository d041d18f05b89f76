"""A message says that the site fails at times, and it works in this run: nginx's error log of the
last minutes has what failed for visitors (messages of ngx_http_upstream_module, and of the limits).

Where the application closed a kept connection (`keepalive` in `upstream`), its own time for idle
connections is mostly the shorter one: Node closes them after 5 seconds, nginx keeps them for 60
(`keepalive_timeout` in `upstream`).
"""

import re
from collections.abc import Iterator

from checks.http import LIMITED
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._page_errors import is_in_run, logged_errors
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.complaints import fails_at_times
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.error_log import upstream_authority
from diagnose.parsers.nginx.locations import proxy_pass_of

#: What each message says, the words of it, and the step that answers it.
_REASONS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("limit", re.compile(LIMITED), "raise-the-limit"),
    ("workers", re.compile(r"\d+ worker_connections are not enough"), "raise-the-limit"),
    ("closed", re.compile(r"upstream prematurely closed|recv\(\) failed \(104|writev?\(\) failed"),
        "look-at-the-application"),
    ("late", re.compile(r"upstream timed out"), "look-at-the-application"),
    ("refused", re.compile(r"connect\(\) .{0,99}?failed \((?:111|113|101|11|2):|no live upstreams"),
        "look-at-the-servers"),
)  # fmt: skip


@check(
    severity=Severity.WARNING,
    needs=[LogLine, Exchange],
    needs_message=True,
    explains=["nginx.other-requests-failed", "upstream.closed-early"],
)
def failed_at_times(evidence: Evidence) -> Iterator[Claim]:
    pages, symptom = page_exchanges(evidence), evidence.target.symptom
    is_served = bool(pages) and all(0 < (page.status or 0) < 500 for page in pages)
    if symptom is None or not is_served or not fails_at_times(symptom):
        return
    for name, pattern, step in _REASONS:
        lines = [
            line
            for line, _ in logged_errors(evidence, f".*(?:{pattern.pattern})")
            if not is_in_run(evidence, line)
        ]
        if lines:
            yield _claim(Nginx.of(evidence), lines, name, step)
            return


def _claim(nginx: Nginx, lines: list[LogLine], name: str, step: str) -> Claim:
    last, target = lines[-1], nginx.evidence.target
    kept = _kept_connections(nginx, last.path or "/") if name == "closed" else None
    return Claim(
        about=Subject(port=target.port, path=last.path, text=last.file),
        covers=(NO_PORT, Subject(port=target.port, path=last.path)),
        because=(*lines[-3:], *((nginx.config,) if kept and nginx.config else ())),
        confidence=Confidence.LIKELY,
        location=nginx.location(kept) if kept else None,
        facts={
            "url": target.origin + (last.path or "/"),
            "message": last.text,
            "log": last.file,
            "when": last.written,
            "times": sum(line.times for line in lines),
            "application": upstream_authority(last) or "",
            "kept": file_line(kept) if kept else "",
            **{reason: reason == name for reason, _, _ in _REASONS},
        },
        fix=Fix((Manual("keep-shorter" if kept else step, Where.SERVER),), Applicability.MANUAL),
    )


def _kept_connections(nginx: Nginx, path: str) -> Directive | None:
    """Return `keepalive` of the group to which the path is passed on."""
    for match in nginx.location_matches(path):
        directive = proxy_pass_of(match)
        name = re.sub(r"^https?://|[:/].*$", "", directive.args[0]) if directive else ""
        for group in children(match.blocks[0], "upstream"):
            if group.args[:1] == (name,):
                return next(iter(children(group, "keepalive")), None)
    return None
