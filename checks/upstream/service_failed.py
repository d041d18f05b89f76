"""Nothing listens where the site passes requests on to, and a service of systemd failed whose unit
or journal names that port: the last telling line of its journal says why.

A failed service that names no port is taken for the application only if it is the only one and an
administrator wrote its unit: then it is likely. Where nothing listens on the site's own port, such
a service is a note.
"""

import shlex
from collections.abc import Iterator, Mapping
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
    Subject,
    Where,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listeners


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
    units = [unit for unit in evidence.good(FailedUnit) if unit.endpoint != own_port]
    named = [unit for unit in units if unit.names_endpoint]
    local = [unit for unit in units if unit.is_local]
    unit = named[0] if named else local[0] if len(units) == 1 and local else None
    if unit is None or not failed:
        yield from _of_the_own_port(evidence)
        return
    paths = dict.fromkeys(path.partition("?")[0] for path in (target.path, *target.websockets))
    yield Claim(
        about=Subject(port=target.port, path=next(iter(paths))),
        covers=(
            *(Subject(port=target.port, path=path) for path in paths),
            Subject(port=target.port),
            Subject(port=80),
        ),
        because=(unit, *failed),
        confidence=Confidence.CERTAIN if named else Confidence.LIKELY,
        facts={
            "unit": unit.unit,
            "state": unit.state,
            "message": unit.message,
            "endpoint": unit.endpoint,
            "command": unit.equivalent,
            **_manager(unit),
        },
        fix=Fix((Manual("read-the-log", Where.APPLICATION),), Applicability.MANUAL),
    )


def _of_the_own_port(evidence: Evidence) -> Iterator[Claim]:
    """Yield a note where nothing listens on the target's port: a service that failed and may have
    served it."""
    target = evidence.target
    is_open = any(listeners.on(target.port) for listeners in evidence.good(Listeners))
    units = [unit for unit in evidence.good(FailedUnit) if unit.endpoint == str(target.port)]
    likely = [unit for unit in units if unit.names_endpoint or unit.is_local]
    if is_open or not likely or not evidence.good(Listeners):
        return
    unit = likely[0]
    yield Claim(
        about=Subject(port=target.port, text=unit.unit),
        because=(unit, *evidence.good(Listeners)),
        severity=Severity.NOTE,
        confidence=Confidence.LIKELY if unit.names_endpoint else Confidence.POSSIBLE,
        facts={
            "unit": unit.unit,
            "state": unit.state,
            "message": unit.message,
            "endpoint": "",
            "command": unit.equivalent,
            **_manager(unit),
        },
        fix=Fix((Manual("read-the-log", Where.APPLICATION),), Applicability.MANUAL),
    )


def _failed(evidence: Evidence) -> list[Exchange | Upgrade]:
    """Return the answers that say that the application could not be reached."""
    answers: list[Exchange | Upgrade] = [
        page for page in evidence.of(Exchange) if page.purpose == "target"
    ]
    answers += [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "front"]
    return [answer for answer in answers if answer.status in {502, 503, 504}]


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
