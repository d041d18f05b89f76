"""A message says that WebSockets end, and the service behind them ended several times in the last
hours: each time its WebSockets were closed, with code 1006, 1001 or 1012 (RFC 6455 section 7.4.1,
IANA's registry). Its journal says why (systemd.service(5), "RuntimeMaxSec=", "WatchdogSec=").

The journal is sure; that it is the end of which the message tells is likely. It is a note where the
message tells another time than that between two ends.
"""

from collections.abc import Iterator, Mapping

from checks.websocket import asks_about_closing
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
    commands,
)
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Upgrade
from diagnose.model.services import EndReason, ServiceEnds
from diagnose.model.unit_commands import drop_in_steps

#: gunicorn's words for a worker that had served its number of requests.
_RESTARTED = "Autorestarting"
#: The step of each reason that no command mends.
_STEPS: dict[EndReason, str] = {
    "runtime": "no-limit",
    "watchdog": "notify",
    "memory": "memory",
    "source": "no-reload",
    "worker": "worker",
    "crash": "read-the-log",
    "plan": "plan",
}


@check(
    severity=Severity.WARNING,
    needs=[ServiceEnds],
    needs_message=True,
    explains=[
        "upstream.application-log", "websocket.closed-after-upgrade", "websocket.closed-by-policy",
        "websocket.idle-default", "websocket.not-tried",
    ],
)  # fmt: skip
def ended_by_restart(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    visits = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.is_visit]
    if visits and not any(upgrade.accepted for upgrade in visits):
        return
    for ends in evidence.good(ServiceEnds):
        opened = [upgrade for upgrade in visits if upgrade.accepted]
        paths = dict.fromkeys(upgrade.path for upgrade in opened)
        is_other = _is_other_time(evidence, ends)
        yield Claim(
            about=Subject(port=port, text=ends.unit or ends.manager),
            covers=() if is_other else tuple(Subject(port=port, path=path) for path in paths),
            because=(ends, *opened),
            confidence=Confidence.LIKELY,
            severity=Severity.NOTE if is_other else None,
            facts={
                "unit": ends.unit,
                "times": ends.times,
                "interval": ends.interval or "",
                "ago": ends.ago,
                "message": ends.message,
                "setting": ends.setting,
                "restarter": ends.restarter,
                "command": ends.equivalent,
                "gunicorn": ends.manager == "gunicorn",
                "blocked": ends.reason == "worker" and _RESTARTED not in ends.message,
                **{reason: ends.reason == reason for reason in _STEPS},
                **_limit_facts(evidence, ends),
            },
            fix=_limit_fix(evidence, ends) or _fix(ends),
        )
        return


def _is_other_time(evidence: Evidence, ends: ServiceEnds) -> bool:
    """Return whether the message tells a time that is not the one between two ends."""
    from diagnose.parsers.cut_connections import reported_seconds

    symptom = evidence.target.symptom
    told = reported_seconds(symptom) if symptom and asks_about_closing(evidence, 0.0) else ()
    # A WebSocket opens some time after its program has started.
    return bool(told) and ends.interval > 0 and min(told) > ends.interval * 1.25


def _limits(evidence: Evidence, ends: ServiceEnds) -> tuple[ReadSetting, ...]:
    """Return the limit of time by which a worker was ended that did not report."""
    if ends.reason != "worker" or _RESTARTED in ends.message:
        return ()
    # Imported late, as few programs are ended so.
    from checks.upstream._time_limits import time_limits

    return time_limits(evidence)


def _limit_facts(evidence: Evidence, ends: ServiceEnds) -> Mapping[str, object]:
    from checks.upstream._time_limits import limit_facts

    return limit_facts(_limits(evidence, ends), 0.0)


def _limit_fix(evidence: Evidence, ends: ServiceEnds) -> Fix | None:
    from checks.upstream._time_limits import raising_fix

    return raising_fix(_limits(evidence, ends), 0.0)


def _fix(ends: ServiceEnds) -> Fix:
    lines: tuple[str, ...] = ()
    if ends.unit and ends.reason == "runtime" and ends.setting:
        lines = ("RuntimeMaxSec=infinity",)
    elif ends.unit and ends.command_line:
        lines = ("ExecStart=", ends.command_line)
    if not lines:
        is_blocked = ends.reason == "worker" and _RESTARTED not in ends.message
        step = Manual("unblock" if is_blocked else _STEPS[ends.reason], Where.APPLICATION)
        return Fix((step,), Applicability.MANUAL)
    restart = commands.restart_service(ends.unit)
    return Fix((*drop_in_steps(ends.unit, lines), restart), Applicability.REVIEW)
