"""The largest log of a file system without room."""

import asyncio
import subprocess
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model.resources import FileSystem, LargestLog
from diagnose.probes.inside import large_logs as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

GIB = 2**30
FULL = FileSystem(paths=("/var",), type="ext2/ext3", free=0, size=10 * GIB, free_files=9, files=10)
PATH = "/var/lib/docker/containers/ab/ab-json.log"


class Answers(RecordedMachine):
    def __init__(self, out: str) -> None:
        super().__init__({})
        self.out = out

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(argv[-1])
        return CommandResult(argv, 0, self.out, "", 0.0)


def look(out: str, system: FileSystem = FULL) -> Looking:
    looking = Looking(Answers(out))
    probe: Any = probes.largest_log
    asyncio.run(probe.work(looking, system))
    return looking


def test_the_largest_log() -> None:
    blocks = 3 * GIB // 512
    (log,) = look(f"{blocks} {PATH}\ncontainer unbound\n").observed(LargestLog)
    assert (log.path, log.container, log.size) == (PATH, "unbound", 3 * GIB)
    (log,) = look(f"{blocks} /var/log/nginx/access.log\n").observed(LargestLog)
    assert log.container == ""


@pytest.mark.parametrize("out", ["", "12 /var/log/a.log\n", "x", "999999999 no\n"])
def test_no_log_that_matters(out: str) -> None:
    assert not look(out).observed(LargestLog)


def test_nothing_is_read_where_there_is_room() -> None:
    room = FileSystem(
        paths=("/var",), type="ext2/ext3", free=GIB, size=10 * GIB, free_files=9, files=10
    )
    assert not look(f"9999999 {PATH}\n", room).machine.commands_run  # type: ignore[attr-defined]


def test_the_script_runs() -> None:
    done = subprocess.run(
        ["sh", "-c", probes.SCRIPT, "sh", "/var"], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
