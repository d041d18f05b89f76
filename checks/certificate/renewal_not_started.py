"""A certificate should have been renewed, and nothing starts the tool that keeps its file: its
timer is off, cron does not take the line or the file, or there is none of them. Or a person has to
write what proves the name, so that no start can renew it.

The control is the tool's own log. Where it was last written days ago, nothing has started the tool
since: because of the fault that was found, or, if none was, although a month has passed. Without
it, what starts the tool may not have been found.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from checks.certificate import Lineage, lineage_of, reload_step
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
    commands,
)
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import (
    RenewalAuthority,
    RenewalFailure,
    RenewalSchedule,
    RenewalStart,
)

#: Seconds after which a tool that starts once or twice a day has not been started.
_TWO_DAYS = 2 * 86400
#: Seconds after which anything that starts a tool, also one that was not found, would have done it.
_MONTH = 31 * 86400
#: The faults because of which the tool surely does not start, by the rules of cron and systemd.
_OFF = {
    "timer-off", "timer-masked", "not-executable", "dotted", "mode", "owner", "no-user", "user",
    "path", "gone",
}  # fmt: skip
#: The time of a line of cron for `sed`: a word such as @daily, or five fields.
_SPACE = r"[[:space:]]\{1,\}"
_AT_WORD = rf"[[:space:]]*@[a-z]*{_SPACE}"
_FIELDS = rf"[[:space:]]*[^@[:space:]][^[:space:]]*{_SPACE}\([^[:space:]]\{{1,\}}{_SPACE}\)\{{4\}}"


@check(
    severity=Severity.WARNING,
    needs=[RenewalSchedule, CertificateFile],
    explains=["certificate.expired", "certificate.expires-soon"],
)
def renewal_not_started(evidence: Evidence) -> Iterator[Claim]:
    for schedule in evidence.good(RenewalSchedule):
        late = _late_file(evidence, schedule.tool)
        failed = {failure.tool for failure in evidence.good(RenewalFailure)}
        if late is None or schedule.tool in failed:
            continue
        file, lineage = late
        by_hand = lineage.name.lower() in schedule.by_hand
        starts = [item for item in evidence.good(RenewalStart) if item.tool == schedule.tool]
        if not by_hand and (not schedule.is_complete or not all(item.fault for item in starts)):
            continue
        start = None if by_hand else next(iter(starts), None)
        if not by_hand and start is None and not _has_been_used(schedule):
            continue
        yield _claim(evidence, file, lineage, schedule, start, by_hand=by_hand)
        return


def _has_been_used(schedule: RenewalSchedule) -> bool:
    """Return whether the tool is one that this server has started by itself or by a person: certbot
    always writes a log, and acme.sh its line of cron when it is installed."""
    return schedule.tool == "acme.sh" or schedule.last_run is not None


def _late_file(evidence: Evidence, tool: str) -> tuple[CertificateFile, Lineage] | None:
    """Return the file that should have been renewed, and its lineage with this tool."""
    for file in evidence.good(CertificateFile):
        lineage = lineage_of(file.path) or lineage_of(file.real) or _installed(evidence, file, tool)
        is_late = bool(file.chain) and file.chain[0].is_due(evidence.started_at)
        if is_late and lineage is not None and lineage.tool == tool:
            return file, lineage
    return None


def _installed(evidence: Evidence, file: CertificateFile, tool: str) -> Lineage | None:
    """Return the lineage of acme.sh that has the names of a file, which it installed elsewhere."""
    names = file.chain[0].dns_names if file.chain else ()
    for settings in evidence.good(RenewalAuthority):
        if tool == settings.tool == "acme.sh" and settings.name in names:
            folder = settings.source.rpartition("/")[0]
            return lineage_of(f"{folder}/{settings.name}.cer")
    return None


def _claim(
    evidence: Evidence,
    file: CertificateFile,
    lineage: Lineage,
    schedule: RenewalSchedule,
    start: RenewalStart | None,
    *,
    by_hand: bool,
) -> Claim:
    leaf, fault = file.chain[0], start.fault if start else ""
    expired = leaf.is_expired(evidence.started_at)
    last = schedule.last_run
    return Claim(
        about=Subject(text=file.path),
        covers=(Subject(),),
        because=(schedule, *((start,) if start else ()), file),
        confidence=_confidence(evidence, schedule, start, by_hand=by_hand),
        severity=Severity.ERROR if expired else None,
        facts={
            "tool": schedule.tool,
            "certbot": schedule.tool == "certbot",
            "name": lineage.name,
            "domain": lineage.name,
            "file": file.path,
            "not_after": leaf.not_after.date().isoformat() if leaf.not_after else "",
            "expired": expired,
            "by_hand": by_hand,
            "none": start is None and not by_hand,
            "source": start.source if start else "",
            "line": start.line if start else 0,
            "text": start.text if start else "",
            "program": start.program if start else "",
            "last_run": datetime.fromtimestamp(last, UTC).date().isoformat() if last else "",
            **{name.replace("-", "_"): name == fault for name in (*_OFF, "newline", "rare")},
            "no_daemon": fault == "no-daemon",
        },
        fix=_fix(evidence, lineage, schedule, start, by_hand=by_hand),
    )


def _confidence(
    evidence: Evidence, schedule: RenewalSchedule, start: RenewalStart | None, *, by_hand: bool
) -> Confidence:
    """Return how sure it is that nothing started the tool."""
    if by_hand:
        return Confidence.CERTAIN
    now, fault = evidence.started_at.timestamp(), start.fault if start else ""
    ran = schedule.booted is not None and now - schedule.booted > _TWO_DAYS
    since = _TWO_DAYS if start else _MONTH
    is_old = schedule.last_run is not None and now - schedule.last_run > since
    if is_old and (fault in _OFF or (ran and fault != "rare")):
        return Confidence.CERTAIN
    if start is None and schedule.last_run is not None and now - schedule.last_run <= _TWO_DAYS:
        # A person may have started it, or what was not found.
        return Confidence.POSSIBLE
    return Confidence.LIKELY


def _fix(
    evidence: Evidence,
    lineage: Lineage,
    schedule: RenewalSchedule,
    start: RenewalStart | None,
    *,
    by_hand: bool,
) -> Fix:
    if by_hand:
        return Fix((Manual("by-hand", Where.SERVER),), Applicability.MANUAL)
    steps = _schedule_steps(lineage, schedule, start)
    if not steps:
        manual = Manual("schedule", Where.SERVER)
        return Fix((manual, lineage.renew, reload_step(evidence)), Applicability.MANUAL)
    return Fix((*steps, lineage.renew, reload_step(evidence)), Applicability.REVIEW)


def _schedule_steps(
    lineage: Lineage, schedule: RenewalSchedule, start: RenewalStart | None
) -> tuple[Step, ...]:
    """Return the commands after which something starts the tool; () if a person has to choose."""
    if start is not None:
        return _mended(start)
    if lineage.tool == "acme.sh":
        home = lineage.renew.argv[2]
        return (commands.schedule_renewal(f"{home}/acme.sh", home),)
    if lineage.tool == "certbot" and schedule.program:
        return _new_start(schedule)
    return ()


def _mended(start: RenewalStart) -> tuple[Step, ...]:
    folder, _, name = start.source.rpartition("/")
    line = f"{start.line}s"
    match start.fault:
        case "timer-off":
            return (commands.enable_service(start.source, now=True),)
        case "timer-masked":
            unmask = commands.unmask_service(start.source, runtime=False)
            return (unmask, commands.enable_service(start.source, now=True))
        case "no-daemon" if start.unit:
            return (commands.enable_service(start.unit, now=True),)
        case "not-executable":
            return (commands.chmod("+x", start.source, start.mode),)
        case "mode":
            return (commands.chmod("go-w", start.source, start.mode),)
        case "dotted":
            return (commands.move(start.source, f"{folder}/{name.replace('.', '-')}"),)
        case "newline":
            return (commands.rewrite(start.source, ("$a\\",)),)
        case "no-user":
            scripts = tuple(rf"{line}/^\({time}\)/\1root /" for time in (_AT_WORD, _FIELDS))
            return (commands.rewrite(start.source, scripts),)
        case "user":
            script = rf"{line}/\([[:space:]]\)root[[:space:]]*/\1/"
            return (commands.rewrite(start.source, (script,)),)
        case "path" if "|" not in start.program:
            name = start.program.rpartition("/")[2]
            script = rf"{line}|\([[:space:]]\){name}|\1{start.program}|"
            return (commands.rewrite(start.source, (script,)),)
    return ()


def _new_start(schedule: RenewalSchedule) -> tuple[Step, ...]:
    """Return the file that starts certbot twice a day from now on: cron's, or a timer."""
    program = schedule.program
    if schedule.has_cron:
        lines = (
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin",
            f"17 3,15 * * * root {program} -q renew",
        )
        return (commands.create_lines("/etc/cron.d/certbot-renew", lines),)
    if not schedule.has_systemd:
        return ()
    folder, name = "/etc/systemd/system", "certbot-renew"
    service = ("[Service]", "Type=oneshot", f"ExecStart={program} -q renew")
    timer = (
        "[Timer]", "OnCalendar=*-*-* 03,15:17:00", "RandomizedDelaySec=1h", "Persistent=true",
        "[Install]", "WantedBy=timers.target",
    )  # fmt: skip
    return (
        commands.create_lines(f"{folder}/{name}.service", service),
        commands.create_lines(f"{folder}/{name}.timer", timer),
        commands.enable_service(f"{name}.timer", now=True),
    )
