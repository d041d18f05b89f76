"""A WebSocket opened in this run and was closed with 1009 (RFC 6455 section 7.4.1): somebody takes
messages up to a size only. The reason in the close frame, or the line that the program wrote into
its log meanwhile, has the words of a known server or library, so that its setting has a name.

This run sends no message. So the large one came from the program behind the site, and who closes is
what passes it on, such as a gateway: likely, since others may send at the same time.
"""

from collections.abc import Iterator

from checks.websocket import ended_attempts
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
)
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Upgrade
from diagnose.model.program_logs import ProgramLine


@check(
    severity=Severity.ERROR,
    needs=[Upgrade],
    needs_fault=[Upgrade],
    explains=["websocket.closed-after-upgrade", "upstream.application-log"],
)
def message_limit(evidence: Evidence) -> Iterator[Claim]:
    # Imported late: few WebSockets end with this code.
    from diagnose.parsers.message_limit_words import told_limit
    from diagnose.parsers.message_limits import MESSAGE_TOO_BIG

    lines = [line for line in evidence.good(ProgramLine) if told_limit(line.message)]
    for attempt, _ in ended_attempts(evidence, "died", "sometimes"):
        first = attempt.first
        if first.close_code != MESSAGE_TOO_BIG:
            continue
        words = first.close_reason if told_limit(first.close_reason) else ""
        words = words or (lines[0].message if lines else "")
        limit = told_limit(words)
        if limit is None:
            continue
        reads = [read for read in evidence.good(ReadSetting) if read.topic == "message-limit"]
        read = reads[0] if len({each.file for each in reads}) == 1 else None
        yield Claim(
            about=attempt.subject,
            covers=attempt.subjects,
            because=(*attempt.because, *lines[:1], *((read,) if read else ())),
            confidence=Confidence.LIKELY,
            facts={
                "url": attempt.subject.text,
                "words": words,
                "product": limit.product,
                "keys": limit.keys,
                "netty": limit.product == "Netty",
                "process": read.process if read else lines[0].process if lines else "",
                "key": read.key if read else "",
                "place": read.place if read else "",
                "unit": read.unit if read else "",
            },
            fix=_fix(reads if read else []),
        )


def _fix(reads: list[ReadSetting]) -> Fix:
    if not reads:
        return Fix((Manual("raise", Where.APPLICATION),), Applicability.MANUAL)
    from checks.upstream._setting_fixes import setting_fix

    return setting_fix(reads, "raise-it")
