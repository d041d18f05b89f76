"""Work in a process of its own: what is told arrives in its order, what is asked is answered, and
nobody waits for a process that is gone."""

import asyncio
import json
import queue
import subprocess
import sys
from pathlib import Path
from typing import Any

from diagnose.processes.worker import Channel, JobEnded, Question, ThreadExecutor

ROOT = Path(__file__).parents[2]

_PROGRAM = """
import sys; sys.path.insert(0, {root!r})
import asyncio, json, os, pathlib, queue, signal, time
from diagnose.processes import worker
from diagnose.processes.worker import JobEnded, Question

async def count(channel, most):
    for number in range(most):
        channel.tell(number)
    channel.tell(os.getpid())

async def ask(channel):
    channel.tell("yes" if channel.ask("Shall I?") else "no")

async def forever(channel):
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        channel.tell("cancelled")
        raise

async def fail(channel):
    raise ValueError("no")

async def work(channel, path):
    channel.tell("begun")
    channel.ask("Shall I?")
    pathlib.Path(path).write_text("done")

services = dict(count=count, ask=ask, forever=forever, fail=fail, work=work)
place = worker.start_executor(services, frozenset({{"work"}}), lambda: None)

def told(service, *given, do=lambda job, said: None):
    heard, said = queue.Queue(), []
    job = place.start(service, heard.put, *given)
    while True:
        one = heard.get(timeout=60)
        do(job, one)
        if isinstance(one, JobEnded):
            return said + [["over", one.error]]
        said.append(one.text if isinstance(one, Question) else one)

def yes(job, said):
    if isinstance(said, Question):
        job.answer(True)

{body}
"""


def run(body: str, *given: str) -> Any:
    """What a program prints that has another process beside it."""
    code = _PROGRAM.format(root=str(ROOT), body=body)
    result = subprocess.run(
        [sys.executable, "-I", "-c", code, *given],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_what_is_told_arrives_in_its_order_from_over_there() -> None:
    *numbers, there, over = run(
        "said = told('count', 1000); said[-2] = said[-2] != os.getpid(); print(json.dumps(said))"
    )
    assert numbers == list(range(1000))
    assert there is True
    assert over == ["over", ""]


def test_a_question_is_answered() -> None:
    assert run("print(json.dumps(told('ask', do=yes)))") == ["Shall I?", "yes", ["over", ""]]


def test_what_is_stopped_says_what_it_knows() -> None:
    body = """
heard = queue.Queue()
job = place.start("forever", heard.put)
told("count", 1)  # it has begun by then
job.stop()
print(json.dumps([heard.get(timeout=60), heard.get(timeout=60).error]))
"""
    assert run(body) == ["cancelled", ""]


def test_what_it_raises_is_said() -> None:
    assert run("print(json.dumps(told('fail')))") == [["over", "ValueError: no"]]


def test_nobody_waits_for_a_process_that_is_gone() -> None:
    body = """
first = told("count", 0)
heard = queue.Queue()
job = place.start("forever", heard.put)
os.kill(first[0], signal.SIGKILL)
print(json.dumps([heard.get(timeout=60).error, told("count", 1)]))
"""
    gone = "The process that looks has ended."
    assert run(body) == [gone, [["over", gone]]]


def test_a_lasting_work_is_ended_properly_when_nobody_is_there_any_more(tmp_path: Path) -> None:
    """It is answered no, and comes to its own end; the process stays until then."""
    body = """
heard = queue.Queue()
place.start("work", heard.put, sys.argv[1])
heard.get(timeout=60)
place.close()
os.wait()
print(json.dumps(pathlib.Path(sys.argv[1]).read_text()))
"""
    assert run(body, str(tmp_path / "file")) == "done"


def test_in_a_thread_it_is_the_same() -> None:
    async def ask(channel: Channel, more: str) -> None:
        channel.tell(f"yes{more}" if channel.ask("Shall I?") else "no")

    heard: queue.Queue[Any] = queue.Queue()
    job = ThreadExecutor({"ask": ask}).start("ask", heard.put, "!")
    assert heard.get(timeout=60) == Question("Shall I?")
    job.answer(True)
    assert [heard.get(timeout=60), heard.get(timeout=60)] == ["yes!", JobEnded()]


def test_in_a_thread_it_can_be_stopped_and_may_fail() -> None:
    async def forever(channel: Channel) -> None:
        channel.tell("begun")
        await asyncio.sleep(3600)

    async def fail(channel: Channel) -> None:
        raise ValueError("no")

    heard: queue.Queue[Any] = queue.Queue()
    here = ThreadExecutor({"forever": forever, "fail": fail})
    job = here.start("forever", heard.put)
    assert heard.get(timeout=60) == "begun"
    job.stop()
    assert heard.get(timeout=60) == JobEnded()
    here.start("fail", heard.put)
    assert heard.get(timeout=60) == JobEnded("ValueError: no")


def test_checks_and_reports_go_from_one_process_to_another() -> None:
    import pickle

    from diagnose.checking import registry
    from diagnose.model.tcp import Connection
    from tests.support.check_evidence import REFUSED, judge

    check = registry.load_check("tcp.refused")
    assert pickle.loads(pickle.dumps(check)) is check
    seen = Connection(address="203.0.113.10", port=443, family=4, failure=REFUSED)
    (claim,) = judge("tcp.refused", seen)
    again = pickle.loads(pickle.dumps((claim, seen)))
    assert again[0].facts == claim.facts
    assert again[0].because[0] is again[1]  # one observation stays one
