"""The service that holds the port does not start at boot: somebody started it by hand, and the next
reboot ends it (systemctl(1), is-enabled; rc-update(8)). If it does not run now and was not started
since boot, that is why."""

from collections.abc import Iterator
from typing import assert_never

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
from diagnose.model.kernel import Boot
from diagnose.model.nginx import NginxState
from diagnose.model.tcp import Connection

#: States in systemctl(1) of a unit that nothing starts at boot. Another unit may start a "static"
#: or "indirect" one, and "generated" ones are System V scripts that are linked.
_NOT_ENABLED_STATES = (
    "disabled",
    "masked",
    "masked-runtime",
    "enabled-runtime",
    "linked",
    "linked-runtime",
)


@check(
    severity=Severity.WARNING,
    needs=[Boot],
    explains=["nginx.not-running", "listener.missing"],
    comes_later=True,
)
def not_enabled_at_boot(evidence: Evidence) -> Iterator[Claim]:
    boot = next(iter(evidence.good(Boot)), None)
    if boot is None or boot.state not in _NOT_ENABLED_STATES:
        return
    if boot.pulled_by or boot.named_in or boot.cluster:
        return
    down_since_boot = _is_down_since_boot(evidence, boot)
    if not boot.running and not down_since_boot:
        return
    yield Claim(
        about=Subject(text=boot.service),
        covers=(Subject(),),
        because=(boot, *(evidence.good(NginxState) if down_since_boot else ())),
        confidence=Confidence.LIKELY if down_since_boot or boot.by_hand else Confidence.CERTAIN,
        severity=Severity.ERROR if down_since_boot else None,
        facts={
            "service": boot.service,
            "state": boot.state,
            "manager": boot.manager,
            "systemd": boot.manager == "systemd",
            "lost": down_since_boot,
            "masked": boot.state.startswith("masked"),
        },
        fix=_fix(boot, down_since_boot),
    )


def _is_down_since_boot(evidence: Evidence, boot: Boot) -> bool:
    """Return whether nothing holds the port and the service has not run since boot."""
    if boot.running or boot.started or boot.process:
        return False
    connections = [
        connection
        for connection in evidence.of(Connection)
        if connection.port == evidence.target.port
    ]
    states = evidence.good(NginxState)
    idle = bool(states) and all(state.installed and not state.masters for state in states)
    return idle and bool(connections) and all(connection.failure for connection in connections)


def _fix(boot: Boot, down_since_boot: bool) -> Fix:
    name = boot.service
    steps: tuple[Step, ...]
    match boot.manager:
        case "openrc":
            enable = commands.add_to_default_runlevel(name)
            start = commands.start_openrc_service(name)
            steps = (enable, start) if down_since_boot else (enable,)
        case "sysv":
            return Fix((Manual("runlevels", Where.SERVER),), Applicability.MANUAL)
        case "systemd":
            steps = (commands.enable_service(name, now=down_since_boot),)
            if boot.state.startswith("masked"):
                runtime = boot.state.endswith("runtime")
                steps = (commands.unmask_service(name, runtime), *steps)
        case _:
            assert_never(boot.manager)
    # Somebody masked the unit on purpose; and what was started from a login may be set up to start
    # in another way.
    sure = not boot.state.startswith("masked") and not boot.by_hand
    return Fix(steps, Applicability.AUTOMATIC if sure else Applicability.REVIEW)
