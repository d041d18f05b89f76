"""The second process: the same results, the same errors, and nothing lost when it is gone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose import beside

ROOT = Path(__file__).parent.parent

_PROGRAM = """
import sys; sys.path.insert(0, {root!r})
import asyncio, json, os, signal
from diagnose import beside
os.sched_getaffinity = lambda _: {{0, 1}}
beside.begin(["fractions"])
async def main():
    here = os.getpid()
    there = await beside.do("os:getpid")
    said = [await beside.do("math:gcd", 12, 18)]
    try:
        await beside.do("math:sqrt", -1.0)
    except ValueError as error:
        said.append(type(error).__name__)
    os.kill(there, signal.SIGKILL)
    said.append(await beside.do("math:gcd", 4, 6))
    said += [there != here, await beside.do("os:getpid") == here, "fractions" in sys.modules]
    return said
print(json.dumps(asyncio.run(main())))
"""


def test_it_answers_and_raises_from_over_there_and_goes_on_without_it() -> None:
    code = _PROGRAM.format(root=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", code],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert json.loads(done.stdout) == [6, "ValueError", 2, True, True, False]


async def _both() -> tuple[int, bool]:
    with pytest.raises(ValueError, match="math domain error"):
        await beside.do("math:sqrt", -1.0)
    return await beside.do("math:gcd", 12, 18), beside._other is None


def test_without_a_second_process_the_work_is_done_here() -> None:
    import asyncio

    assert asyncio.run(_both()) == (6, True)
