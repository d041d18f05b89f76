import asyncio
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model.server import Listener, Listeners
from diagnose.model.services import ServiceEnds
from diagnose.probes.inside.service_ends import emit_service_ends
from tests.support.fake_context import Looking

HEAD = "now 10000\nunit board.service\n"
EXITED = "systemd[1]: board.service: Main process exited, code=exited, status=1/FAILURE"
RELOAD = "uvicorn[7]: WARNING: WatchFiles detected changes in 'logs/app.py'. Reloading..."
LIMIT = "systemd[1]: board.service: Service reached runtime time limit. Stopping."


class Server:
    def __init__(self, out: str) -> None:
        self.out = out

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        return CommandResult(argv, 0, self.out, "", 0.0)


def look(out: str) -> list[ServiceEnds]:
    looking: Any = Looking(Server(out))  # type: ignore[arg-type]
    looking.target = replace(looking.target, port=8080, scheme="http")
    sockets = (Listener(address="127.0.0.1", port=8080, family=4, pid=77, process="node"),)
    asyncio.run(emit_service_ends(looking, Listeners(sockets=sockets), ""))
    return list(looking.observed(ServiceEnds))


def test_a_limit_of_time_with_its_setting() -> None:
    unit = f"{HEAD}property RuntimeMaxUSec=10min\n"
    (ends,) = look(f"{unit}log 9300 {LIMIT}\nlog 9900 {LIMIT}\n")
    assert (ends.unit, ends.times, ends.interval, ends.ago) == ("board", 2, 600, 100)
    assert ends.setting == "RuntimeMaxSec=10min"
    lifted = unit.replace("10min", "infinity")
    assert not look(f"{lifted}log 9300 {LIMIT}\nlog 9900 {LIMIT}\n")


def test_one_crash_is_no_reason_and_neither_is_what_is_over() -> None:
    assert not look(f"{HEAD}log 9900 {EXITED}\n")
    assert not look(f"{HEAD}property RuntimeMaxUSec=1min\nlog 1000 {LIMIT}\n")
    assert look(f"{HEAD}log 9000 {EXITED}\nlog 9900 {EXITED}\n")
    assert not look(f"now 10000\nlog 9900 {LIMIT}\n")
    assert not look("")


def test_the_command_without_the_mode_for_developers() -> None:
    unit = f"{HEAD}command ExecStart=/opt/uvicorn main:app --reload\n"
    (ends,) = look(f"{unit}log 9900 {RELOAD}\n")
    assert ends.command_line == "ExecStart=/opt/uvicorn main:app"
    assert not look(f"{HEAD}log 9900 {RELOAD}\n")
