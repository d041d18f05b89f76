"""The second process: the same results, the same errors, and nothing lost when it is gone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.processes import parser_process

ROOT = Path(__file__).parents[2]

_PROGRAM = """
import sys; sys.path.insert(0, {root!r})
import asyncio, json, os, signal
from diagnose.processes import parser_process
os.sched_getaffinity = lambda _: {{0, 1}}
parser_process.start(["fractions"])
async def main():
    here = os.getpid()
    there = await parser_process.call("os:getpid")
    said = [await parser_process.call("math:gcd", 12, 18)]
    try:
        await parser_process.call("math:sqrt", -1.0)
    except ValueError as error:
        said.append(type(error).__name__)
    os.kill(there, signal.SIGKILL)
    said.append(await parser_process.call("math:gcd", 4, 6))
    again = await parser_process.call("os:getpid")
    said += [there != here, again == here, "fractions" in sys.modules]
    return said
print(json.dumps(asyncio.run(main())))
"""


def test_it_answers_and_raises_from_over_there_and_goes_on_without_it() -> None:
    code = _PROGRAM.format(root=str(ROOT))
    result = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", code],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.stderr == ""
    assert json.loads(result.stdout) == [6, "ValueError", 2, True, True, False]


async def _both() -> tuple[int, bool]:
    with pytest.raises(ValueError, match=r"domain|nonnegative"):
        await parser_process.call("math:sqrt", -1.0)
    return await parser_process.call("math:gcd", 12, 18), parser_process._parser_process is None


def test_without_a_second_process_the_work_is_done_here() -> None:
    import asyncio

    assert asyncio.run(_both()) == (6, True)
