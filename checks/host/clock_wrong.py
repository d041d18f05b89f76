"""This machine's clock and the server's differ. Which of them is wrong the certificate can tell:
an authority whose clock was right issued it, and the site serves it as valid. Where it is valid
by both clocks nobody can tell from here, and nothing depends on it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.http import Clock
from diagnose.model.tls import Certificate, served

#: Seconds. Date is right to a second, an answer may be long on its way, and caches are inexact.
TOLERATED = 60.0


@check(
    severity=Severity.ERROR,
    needs=[Clock],
    explains=[
        "certificate.expired",
        "certificate.expires-soon",
        "certificate.not-yet-valid",
        "certificate.rejected",
        "http.hsts-traps-visitors",
    ],
)
def clock_wrong(evidence: Evidence) -> Iterator[Claim]:
    clocks = [one for one in evidence.good(Clock) if one.vantage is Vantage.HERE]
    apart = [one for one in clocks if abs(one.ahead_s) > TOLERATED]
    if not apart:
        return
    ahead = sorted(one.ahead_s for one in apart)[len(apart) // 2]
    now = evidence.started_at
    leaves = [one.leaf for one in served(evidence)]
    by_ours = _all_valid(leaves, now)
    by_theirs = _all_valid(leaves, now - timedelta(seconds=ahead))
    agreed = len(apart) < len(clocks)
    ours = bool(leaves) and by_theirs and not by_ours and not agreed
    theirs = agreed or (bool(leaves) and by_ours and not by_theirs)
    yield _claim(apart, ahead, ours, theirs)


def _all_valid(leaves: list[Certificate], now: datetime) -> bool:
    return all(leaf.not_before <= now <= leaf.not_after for leaf in leaves)


def _claim(apart: list[Clock], ahead: float, ours: bool, theirs: bool) -> Claim:
    minutes = round(abs(ahead) / 60)
    return Claim(
        about=Subject(text="clock"),
        because=tuple(apart),
        confidence=Confidence.LIKELY if ours or theirs else Confidence.POSSIBLE,
        severity=None if ours else Severity.NOTE,
        facts={
            "sources": tuple(dict.fromkeys(one.source for one in apart)),
            "days": minutes // 1440 if minutes >= 2880 else "",
            "hours": minutes // 60 if 120 <= minutes < 2880 else "",
            "minutes": minutes if minutes < 120 else "",
            "ahead": ahead > 0,
            "ours": ours,
            "theirs": theirs and not ours,
            "open": not ours and not theirs,
        },
        fix=Fix(
            (Manual("set-the-clock", Where.SERVER if theirs else Where.CLIENT),),
            Applicability.MANUAL,
        ),
    )
