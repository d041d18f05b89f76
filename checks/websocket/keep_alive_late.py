"""A client of SignalR says that it has waited in vain for a message of the hub, and closes its
connection: the hub sends a ping less often than the client waits (ASP.NET Core SignalR
configuration, "KeepAliveInterval", "serverTimeout"), or its pings do not come through.

The line of the program's settings with the hub's interval is named where it is too long. This run
speaks no SignalR, so it is a note where none was read.
"""

from collections.abc import Iterator

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
from diagnose.model.http import Exchange


@check(severity=Severity.ERROR, needs=[Exchange], needs_message=True)
def keep_alive_late(evidence: Evidence) -> Iterator[Claim]:
    symptom, target = evidence.target.symptom, evidence.target
    if symptom is None or "without receiving a message" not in symptom.text:
        return
    # Imported late: few messages are about that.
    from diagnose.parsers.hub_timeouts import told_timeout

    timeout_s = told_timeout(symptom)
    pages = tuple(page for page in evidence.good(Exchange) if page.is_page_of(target))
    if not timeout_s or not pages:
        return
    reads = [read for read in evidence.good(ReadSetting) if read.topic == "keep-alive-interval"]
    read = reads[0] if len(reads) == 1 else None
    fix = Fix((Manual("shorten", Where.APPLICATION),), Applicability.MANUAL)
    if read is not None:
        from checks.upstream._setting_fixes import setting_fix

        fix = setting_fix((read,), "shorten-it")
    yield Claim(
        about=Subject(port=target.port, text=read.place if read else ""),
        because=(read, *pages) if read else pages,
        severity=None if read else Severity.NOTE,
        confidence=Confidence.LIKELY if read else Confidence.POSSIBLE,
        facts={
            "untried": read is None,
            "timeout": round(timeout_s),
            "wanted": max(round(timeout_s / 2), 1),
            "process": read.process if read else "",
            "key": read.key if read else "",
            "line": read.line.strip().rstrip(",") if read else "",
            "place": read.place if read else "",
            "unit": read.unit if read else "",
        },
        fix=fix,
    )
