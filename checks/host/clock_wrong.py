"""This machine's clock and the server's differ. Which of them is wrong the certificate can tell:
an authority whose clock was right issued it, and the site serves it as valid. Where it is valid
by both clocks nobody can tell from here, and nothing depends on it. The server, where it was
looked into from another machine, may know whether its clock follows others'."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.http import Clock
from diagnose.model.kernel import TimeSync
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
    sync = _of_another_machine(evidence)
    certificate = ours
    if sync and not (ours or theirs):
        # What follows others' clocks is right, and who then differs is not.
        ours = sync.synchronized is True
    said = {"ours": ours, "theirs": theirs and not ours, "certificate": certificate}
    yield _claim(apart, ahead, said, sync)


def _severity(said: dict[str, bool], sync: TimeSync | None) -> Severity | None:
    """Nobody notices a difference by which no certificate is judged otherwise; that a server's
    clock is wrong and follows nobody's is to be put right all the same."""
    if said["certificate"]:
        return None
    alone = said["theirs"] and sync is not None and sync.synchronized is False
    return Severity.WARNING if alone else Severity.NOTE


def _all_valid(leaves: list[Certificate], now: datetime) -> bool:
    return all(leaf.is_current(now) for leaf in leaves)


def _of_another_machine(evidence: Evidence) -> TimeSync | None:
    inside = [one for one in evidence.of(Host) if one.vantage is Vantage.SERVER]
    here = any(one.via == "local" for one in inside)
    return None if here else next(iter(evidence.good(TimeSync)), None)


def _claim(apart: list[Clock], ahead: float, said: dict[str, bool], sync: TimeSync | None) -> Claim:
    minutes = round(abs(ahead) / 60)
    known = said["ours"] or said["theirs"]
    return Claim(
        about=Subject(text="clock"),
        because=(*apart, *((sync,) if sync else ())),
        confidence=Confidence.LIKELY if known else Confidence.POSSIBLE,
        severity=_severity(said, sync),
        facts=said
        | {
            "sources": tuple(dict.fromkeys(one.source for one in apart)),
            "days": minutes // 1440 if minutes >= 2880 else "",
            "hours": minutes // 60 if 120 <= minutes < 2880 else "",
            "minutes": minutes if minutes < 120 else "",
            "ahead": ahead > 0,
            "open": not known,
            "follows": bool(sync and sync.synchronized),
            "alone": bool(sync and sync.synchronized is False),
        },
        fix=Fix(
            (Manual("set-the-clock", Where.SERVER if said["theirs"] else Where.CLIENT),),
            Applicability.MANUAL,
        ),
    )
