"""A message says that a WebSocket was closed with 1009: somebody sent a larger message than the
other side takes (RFC 6455 section 7.4.1). Where the script of a program behind the site sets such a
limit, or its library has one by default, its line is named. This run sends no large message, so it
is a note where no such line was read. Words of a person whose WebSocket ends with a picture or a
large message tell it too, less surely."""

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
from diagnose.model.http import Exchange, Upgrade


@check(severity=Severity.ERROR, needs=[Exchange], needs_message=True)
def message_too_big(evidence: Evidence) -> Iterator[Claim]:
    # Imported late: few messages are about that.
    from diagnose.parsers.message_limits import (
        MESSAGE_TOO_BIG,
        suspected_limit,
        tells_of_message_size,
    )

    target = evidence.target
    pages = tuple(page for page in evidence.good(Exchange) if page.is_page_of(target))
    if not suspected_limit(target.symptom) or not pages:
        return
    by_words = not tells_of_message_size(target.symptom)
    sure = Confidence.POSSIBLE if by_words else Confidence.CERTAIN
    if any(upgrade.close_code == MESSAGE_TOO_BIG for upgrade in evidence.of(Upgrade)):
        return  # it was closed without a message: `websocket.closed-after-upgrade`
    reads = [read for read in evidence.good(ReadSetting) if read.topic == "message-limit"]
    # A relay has two ends, and one file.
    read = reads[0] if len({each.file for each in reads}) == 1 else None
    fix = Fix((Manual("raise", Where.APPLICATION),), Applicability.MANUAL)
    if read is not None:
        from checks.upstream._setting_fixes import setting_fix

        fix = setting_fix(reads, "raise-it")
    yield Claim(
        about=Subject(port=target.port, text=read.place if read else ""),
        because=(read, *pages) if read else pages,
        severity=None if read else Severity.NOTE,
        confidence=Confidence.LIKELY if read else sure,
        facts={
            "process": read.process if read else "",
            "key": read.key if read else "",
            "place": read.place if read else "",
            "unit": read.unit if read else "",
            "by_words": by_words,
            "untried": by_words and read is None,
        },
        fix=fix,
    )
