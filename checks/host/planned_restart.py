"""A person tells when the fault comes back, and a plan of this server ends what serves the site
just then: a line of cron, a timer, logrotate's script, the restart of unattended-upgrades
(crontab(5), systemd.timer(5), logrotate(8)).

That it is what the person tells of is likely: another program may have the same hour.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.services import PlannedRestart

#: Services that read their files again without an end of what they do (systemctl(1), "reload").
_RELOADED = frozenset({"nginx", "apache2", "haproxy", "caddy"})
#: Kinds of what is ended that are no service.
_KINDS = ("machine", "containers", "pm2")
_MAX_TIMES = 4


@check(
    severity=Severity.WARNING,
    needs=[PlannedRestart],
    needs_message=True,
    explains=[
        "websocket.ended-by-restart", "websocket.idle-default", "websocket.not-tried",
        "websocket.closed-after-upgrade",
    ],
)  # fmt: skip
def planned_restart(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    if symptom is None:
        return
    # Imported late: few messages tell when a fault comes back.
    from diagnose.parsers.linux.planned_jobs import agrees
    from diagnose.parsers.told_schedules import told_schedule

    told = told_schedule(symptom.text)
    for plan in evidence.good(PlannedRestart) if told else ():
        if told is None or not agrees(told, plan.minutes, plan.interval):
            continue
        place = f"{plan.file}:{plan.line}" if plan.file else plan.plan or plan.command
        fix = _fix(plan)
        is_edit = any(isinstance(step, Edit) for step in fix.steps)
        yield Claim(
            about=Subject(port=evidence.target.port, text=place),
            covers=(Subject(),),
            because=(plan,),
            confidence=Confidence.LIKELY,
            is_reported=True,
            facts={
                "place": place,
                "command": plan.command,
                "plan": plan.plan if plan.plan not in {place, ""} else "",
                "services": tuple(name for name in plan.ended if name not in _KINDS),
                **{name: name in plan.ended for name in _KINDS},
                "times": _clock_times(plan),
                "interval": plan.interval if plan.interval and not _clock_times(plan) else "",
                "stops": plan.stops,
                "reloads": is_edit and _is_reloaded(plan),
                "removed": bool(fix.steps) and not isinstance(fix.steps[0], Manual)
                and not (is_edit and _is_reloaded(plan)),
                **{source: plan.source == source for source in ("timer", "rotate", "upgrades")},
                "show": plan.equivalent,
            },
            fix=fix,
        )  # fmt: skip
        return


def _clock_times(plan: PlannedRestart) -> tuple[str, ...]:
    """Return the times of a day, if they are few."""
    few = plan.minutes if len(plan.minutes) <= _MAX_TIMES else ()
    return tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in few)


def _is_reloaded(plan: PlannedRestart) -> bool:
    """Return whether a reload does what the restart is for: it is of web servers alone."""
    return not plan.stops and bool(plan.ended) and _RELOADED.issuperset(plan.ended)


def _fix(plan: PlannedRestart) -> Fix:
    lines = plan.text.split("\n")
    is_read = 0 < plan.line <= len(lines) and plan.command in lines[plan.line - 1]
    old = lines[plan.line - 1] if is_read else ""
    new = ""
    if is_read and _is_reloaded(plan):
        # Imported late, as above.
        from diagnose.parsers.linux.planned_jobs import reloading

        new = reloading(old)
    elif is_read and plan.source == "job" and plan.is_alone:
        new = f"#{old}"
    if new and new != old:
        # Imported late, as above.
        from diagnose.parsers.nginx.edits import diff

        text = "\n".join((*lines[: plan.line - 1], new, *lines[plan.line :]))
        return Fix((Edit(plan.file, diff(plan.file, plan.text, text)),), Applicability.REVIEW)
    if plan.source == "timer" and plan.is_alone and plan.plan:
        steps = (commands.disable_service(plan.plan), commands.stop_service(plan.plan))
        return Fix(steps, Applicability.REVIEW)
    return Fix((Manual("change-the-plan", Where.SERVER),), Applicability.MANUAL)
