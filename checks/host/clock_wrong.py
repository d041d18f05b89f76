"""The clocks of this machine and of the server differ.

The certificate can tell which one is wrong: an authority with a correct clock issued it, and the
site serves it as valid. If it is valid by both clocks, nobody can tell from here and nothing
depends on it. If the server was examined from another machine, it may know whether its clock is
synchronized.
"""

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
from diagnose.model.clock import Clock
from diagnose.model.kernel import TimeSync
from diagnose.model.tls import Certificate, served_certificates

#: Seconds. The Date field has a resolution of one second, a response may be delayed, and caches are
#: inexact.
TOLERANCE = 60.0


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
    clocks = [clock for clock in evidence.good(Clock) if clock.vantage is Vantage.HERE]
    deviating_clocks = [clock for clock in clocks if abs(clock.ahead_s) > TOLERANCE]
    if not deviating_clocks:
        return
    ahead = sorted(clock.ahead_s for clock in deviating_clocks)[len(deviating_clocks) // 2]
    client_time = evidence.started_at
    leaves = [served_certificate.leaf for served_certificate in served_certificates(evidence)]
    by_ours = _all_valid(leaves, client_time)
    by_theirs = _all_valid(leaves, client_time - timedelta(seconds=ahead))
    agreed = len(deviating_clocks) < len(clocks)
    ours = bool(leaves) and by_theirs and not by_ours and not agreed
    theirs = agreed or (bool(leaves) and by_ours and not by_theirs)
    sync = _remote_time_sync(evidence)
    certificate = ours
    if sync and not (ours or theirs):
        # A synchronized clock is right, so a clock that differs from it is wrong.
        ours = sync.synchronized is True
    verdict = {"ours": ours, "theirs": theirs and not ours, "certificate": certificate}
    yield _claim(deviating_clocks, ahead, verdict, sync)


def _severity(verdict: dict[str, bool], sync: TimeSync | None) -> Severity | None:
    """Return None (the check's own severity) if the two clocks judge a certificate differently.

    Otherwise return a warning if the server's clock is wrong and not synchronized, or else a note.
    """
    if verdict["certificate"]:
        return None
    alone = verdict["theirs"] and sync is not None and sync.synchronized is False
    return Severity.WARNING if alone else Severity.NOTE


def _all_valid(leaves: list[Certificate], time: datetime) -> bool:
    return all(leaf.is_current(time) for leaf in leaves)


def _remote_time_sync(evidence: Evidence) -> TimeSync | None:
    hosts = [host for host in evidence.of(Host) if host.vantage is Vantage.SERVER]
    is_local = any(host.via == "local" for host in hosts)
    return None if is_local else next(iter(evidence.good(TimeSync)), None)


def _claim(
    deviating_clocks: list[Clock], ahead: float, verdict: dict[str, bool], sync: TimeSync | None
) -> Claim:
    minutes = round(abs(ahead) / 60)
    is_decided = verdict["ours"] or verdict["theirs"]
    return Claim(
        about=Subject(text="clock"),
        because=(*deviating_clocks, *((sync,) if sync else ())),
        confidence=Confidence.LIKELY if is_decided else Confidence.POSSIBLE,
        severity=_severity(verdict, sync),
        facts=verdict
        | {
            "sources": tuple(dict.fromkeys(clock.source for clock in deviating_clocks)),
            "days": minutes // 1440 if minutes >= 2880 else "",
            "hours": minutes // 60 if 120 <= minutes < 2880 else "",
            "minutes": minutes if minutes < 120 else "",
            "ahead": ahead > 0,
            "open": not is_decided,
            "follows": bool(sync and sync.synchronized),
            "alone": bool(sync and sync.synchronized is False),
        },
        fix=Fix(
            (Manual("set-the-clock", Where.SERVER if verdict["theirs"] else Where.CLIENT),),
            Applicability.MANUAL,
        ),
    )
