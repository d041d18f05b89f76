"""Nothing listens where the site passes requests on to, and a service of systemd failed whose unit
or journal names that port: the last telling line of its journal says why.

A service that nobody started, or that runs and does not listen there, is the application's if its
unit names the port, or an enabled unit of an administrator's is the only one that does not run, or
the only one that was started in the last minutes and does not listen yet. A
failed service that names no port is taken for the application only if it is the only one and an
administrator wrote its unit: then it is likely. Where nothing listens on the site's own port, such
a service is a note.
"""

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import assert_never

from checks._granted_access import closed_parts, steps_to_read
from checks._unit_corrections import correction_facts, correction_of, correction_steps
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.files import ServiceFileAccess
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listeners
from diagnose.model.services import UnitCorrection
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.whole_numbers import whole_number

#: Seconds for which a program that was started may still be starting.
_STARTING = 180

#: The settings that systemd could not apply, by its words for the step (systemd.exec(5), "Process
#: exit codes").
_SETTINGS = {
    "CHDIR": "WorkingDirectory=", "EXEC": "ExecStart=", "USER": "User=", "GROUP": "Group=",
    "CHROOT": "RootDirectory=", "STDOUT": "StandardOutput=", "STDERR": "StandardError=",
    "NAMESPACE": "ReadWritePaths=, BindPaths=", "CAPABILITIES": "CapabilityBoundingSet=",
    "LIMITS": "Limit…=", "CREDENTIALS": "LoadCredential=",
}  # fmt: skip
_STEP = re.compile(r"Failed at step ([A-Z_]{2,30}) spawning")

_REASONS = (
    "masked", "invalid", "left_out", "not_enabled", "stopped", "ended", "own_network", 
    "starting", "deaf",
)  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[FailedUnit],
    explains=[
        "http.server-error", "server.application-down", "server.haproxy-no-server",
        "server.backend-not-reached", "upstream.refused", "upstream.socket-unreachable",
        "upstream.ipv6-localhost", "upstream.none-live", "websocket.not-upgraded",
        "websocket.upstream-failed", "listener.missing", "tcp.refused",
    ],
)  # fmt: skip
def service_failed(evidence: Evidence) -> Iterator[Claim]:
    target, failed = evidence.target, _failed(evidence)
    own_port = str(target.port)
    units = [
        unit for unit in evidence.good(FailedUnit) if unit.endpoint != own_port and not unit.is_open
    ]
    unit = _of_the_application(units)
    if unit is None or not failed:
        yield from _of_the_own_port(evidence)
        return
    # Imported late: few sites have a service that failed.
    from checks.upstream._own_tls import own_tls, tls_facts, tls_steps
    from checks.upstream._run_folders import missing_run_folder, run_folder_steps
    from checks.upstream._start_needs import need_facts, need_of, need_steps

    accesses = _closed_files(evidence, unit)
    correction = correction_of(evidence, unit.unit) if unit.has_failed else None
    socket = missing_run_folder(evidence, unit)
    need = need_of(evidence, unit.unit) if unit.has_failed and not correction else None
    tls = own_tls(evidence, unit) if not (correction or socket or need) else None
    needed = run_folder_steps(unit) if socket else need_steps(need) if need else ()
    steps = tls_steps(tls) if tls else needed
    paths = dict.fromkeys(path.partition("?")[0] for path in (target.path, *target.websockets))
    yield Claim(
        about=Subject(port=target.port, path=next(iter(paths))),
        covers=(
            *(Subject(port=target.port, path=path) for path in paths),
            Subject(port=target.port),
            Subject(port=80),
        ),
        because=(
            unit,
            *failed,
            *accesses,
            *((correction,) if correction else ()),
            *((socket,) if socket else ()),
            *((need,) if need else ()),
            *((tls,) if tls else ()),
        ),
        confidence=_confidence(unit),
        facts={
            **_facts(unit),
            "endpoint": unit.endpoint,
            **_holder(evidence, unit),
            **_access_facts(accesses),
            **correction_facts(correction),
            "run_folder": posixpath.dirname(unit.endpoint) if socket else "",
            **need_facts(need),
            **tls_facts(tls),
        },
        fix=Fix(steps, Applicability.REVIEW) if steps else _fix(unit, accesses, correction),
    )


def _closed_files(evidence: Evidence, unit: FailedUnit) -> list[ServiceFileAccess]:
    """Return the certificate or key that the failed service could not read by its journal, and may
    not read now, and the key beside it."""
    if not unit.has_failed:
        return []
    accesses = evidence.good(ServiceFileAccess)
    return [item for item in accesses if item.unit == unit.unit and item.denied_parts]


def _access_facts(accesses: list[ServiceFileAccess]) -> dict[str, object]:
    first = next(iter(accesses), None)
    return {
        "unreadable": first.path if first else "",
        "user": first.user if first else "",
        "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in closed_parts(accesses)),
    }


def _of_the_application(units: list[FailedUnit]) -> FailedUnit | None:
    """Return the service that is the application's: one that names where it should listen, a failed
    one first, or else the only one of the administrator's that does not run."""
    named = [unit for unit in units if unit.names_endpoint]
    enabled = [unit for unit in named if unit.file_state == "enabled"]
    others = [unit for unit in units if unit.has_failed]
    for candidates in ([unit for unit in named if unit.has_failed], enabled, named):
        if candidates:
            # The service that it requires is the one that failed.
            is_left_out = candidates[0].message.startswith("Dependency failed")
            return others[0] if is_left_out and len(others) == 1 else candidates[0]
    if others:
        return others[0] if len(others) == 1 and others[0].is_local else None
    local = [unit for unit in units if unit.is_local]
    idle = [unit for unit in local if unit.state == "inactive" and unit.file_state == "enabled"]
    starting = [unit for unit in local if _is_starting(unit)]
    return idle[0] if len(idle) == 1 else starting[0] if len(starting) == 1 and not idle else None


def _is_starting(unit: FailedUnit) -> bool:
    """Return whether a program runs for a short time and does not listen anywhere yet."""
    is_young = unit.age is not None and unit.age < _STARTING and not unit.ports
    return unit.state == "active" and unit.sub_state != "exited" and is_young


def _confidence(unit: FailedUnit) -> Confidence:
    """A unit that nobody enabled may be of an earlier installation; one that runs may be a client
    of the application."""
    is_own = unit.has_failed or unit.has_own_network or unit.file_state in {"enabled", "masked"}
    is_sure = is_own and (unit.state != "active" or unit.has_own_network)
    return Confidence.CERTAIN if unit.names_endpoint and is_sure else Confidence.LIKELY


def _reason(unit: FailedUnit) -> str:
    """Return why nothing listens, as the page calls it; "" where the log has to tell it."""
    if unit.has_failed:
        return ""
    if unit.state == "active":
        if unit.sub_state == "exited":
            return "ended"
        if unit.has_own_network:
            return "own_network"
        return "starting" if _is_starting(unit) else "deaf"
    if unit.file_state in {"masked", "invalid"}:
        return unit.file_state
    if unit.message:
        return "left_out"
    return "not_enabled" if unit.file_state == "disabled" else "stopped"


def _facts(unit: FailedUnit) -> Mapping[str, object]:
    reason = _reason(unit)
    reasons = dict.fromkeys(_REASONS, False)
    step = _STEP.search(unit.message)
    setting = _SETTINGS.get(step[1], "") if step else ""
    if unit.setting:
        setting = ""
    if unit.message.endswith("status=31/SYS"):
        setting = "SystemCallFilter="
    return {
        "unit": unit.unit,
        "state": unit.state if not reason else "",
        "message": unit.message,
        "command": unit.equivalent,
        "running": unit.state == "active" and not unit.has_failed and reason != "ended",
        "ports": unit.ports,
        "age": unit.age,
        "failed": not reason,
        "setting": setting,
        "rule": unit.setting,
        "seccomp": setting == "SystemCallFilter=",
        **reasons,
        **({reason: True} if reason else {}),
        **_manager(unit),
    }


def _holder(evidence: Evidence, unit: FailedUnit) -> dict[str, object]:
    """Return the program that has the port on which the service could not listen, and that port, if
    the site passes requests on to another one."""
    taken = _taken_port(unit.message)
    sockets = (
        socket for listener in evidence.good(Listeners) for socket in listener.on(taken or 0)
    )
    holder = next((socket.process for socket in sockets if socket.process), "")
    is_other = taken is not None and str(taken) != unit.endpoint
    return {"holder": holder if is_other else "", "taken_port": taken or ""}


def _taken_port(message: str) -> int | None:
    """Return the port that a program could not open because another one has it (listen(2),
    EADDRINUSE); None if the line does not name one."""
    if not re.search(r"EADDRINUSE|already in use", message, re.IGNORECASE):
        return None
    ports = re.findall(r"(?::|[Pp]ort |', )(\d{1,5})\b", message)
    return whole_number(ports[-1]) if ports else None


def _fix(
    unit: FailedUnit, accesses: list[ServiceFileAccess], correction: UnitCorrection | None
) -> Fix:
    reason = _reason(unit)
    if correction is not None:
        return Fix(correction_steps(correction), Applicability.REVIEW)
    if not reason and (granted := steps_to_read(accesses)):
        return Fix(granted, Applicability.REVIEW)
    start: dict[str, tuple[Command, ...]] = {
        "masked": (
            commands.unmask_service(unit.unit, runtime=False),
            commands.start_service(unit.unit),
        ),
        "not_enabled": (commands.enable_service(unit.unit, now=True),),
        "stopped": (commands.start_service(unit.unit),),
    }
    if reason in start:
        return Fix(start[reason], Applicability.REVIEW)
    steps = {
        "own_network": "share-the-network",
        "starting": "wait",
        "deaf": "compare-the-port",
        "invalid": "correct-the-unit",
    }
    return Fix(
        (Manual(steps.get(reason, "read-the-log"), Where.APPLICATION),), Applicability.MANUAL
    )


def _of_the_own_port(evidence: Evidence) -> Iterator[Claim]:
    """Yield a note where nothing listens on the target's port: a service that failed and may have
    served it."""
    target = evidence.target
    is_open = any(listeners.on(target.port) for listeners in evidence.good(Listeners))
    units = [
        unit
        for unit in evidence.good(FailedUnit)
        if unit.endpoint == str(target.port) and unit.has_failed
    ]
    likely = [unit for unit in units if unit.names_endpoint or unit.is_local]
    if is_open or not likely or not evidence.good(Listeners):
        return
    # Imported late: few sites have a service that failed.
    from checks.upstream._own_tls import tls_facts
    from checks.upstream._start_needs import need_facts

    unit = likely[0]
    yield Claim(
        about=Subject(port=target.port, text=unit.unit),
        because=(unit, *evidence.good(Listeners)),
        severity=Severity.NOTE,
        confidence=Confidence.LIKELY if unit.names_endpoint else Confidence.POSSIBLE,
        facts={
            **_facts(unit),
            "endpoint": "",
            "holder": "",
            "taken_port": "",
            **_access_facts([]),
            **correction_facts(None),
            "run_folder": "",
            **need_facts(None),
            **tls_facts(None),
        },
        fix=Fix((Manual("read-the-log", Where.APPLICATION),), Applicability.MANUAL),
    )


def _failed(evidence: Evidence) -> list[Exchange | Upgrade]:
    """Return the answers that say that the application could not be reached."""
    answers: list[Exchange | Upgrade] = [
        page for page in evidence.of(Exchange) if page.purpose == "target"
    ]
    answers += [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "front"]
    return [answer for answer in answers if answer.status in GATEWAY_FAILURES]


def _manager(unit: FailedUnit) -> Mapping[str, object]:
    """Return the manager of a program, "" for systemd, and the commands that start it again and
    show whether it runs."""
    name = shlex.quote(unit.unit)
    match unit.manager:
        case "systemd":
            words = ("", f"systemctl restart {name}", f"systemctl is-active {name}")
        case "pm2":
            words = ("pm2", f"pm2 restart {name}", f"pm2 describe {name}")
        case "supervisor":
            restart, status = f"supervisorctl restart {name}", f"supervisorctl status {name}"
            words = ("supervisor", restart, status)
        case _:
            assert_never(unit.manager)
    return dict(zip(("manager", "restart", "state_command"), words, strict=True))
