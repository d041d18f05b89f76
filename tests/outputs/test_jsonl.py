import json

from diagnose.model import Crash
from diagnose.model.events import Concluded, Crashed, Observed, Started
from diagnose.model.view import View
from diagnose.outputs.json import document
from diagnose.outputs.jsonl import sink
from tests.support.report_builder import (
    NAME,
    refused,
)

VIEW = View(hostname="laptop", privileged=False)


def test_a_stream_says_each_thing_when_it_happens() -> None:
    lines: list[str] = []
    write = sink(VIEW, lines.append)
    made = refused()
    write(Started(made.evidence.target))
    write(Observed(NAME, 1))
    write(Crashed(Crash("outside.tcp", "ValueError: no")))
    assert [json.loads(line)["type"] for line in lines] == ["started", "observation", "error"]
    write(Concluded(made))
    told = [json.loads(line) for line in lines]
    assert all(one["schema_version"] == "1.0" for one in told)
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert told[1]["url"] == "https://shop.example.com/"
    assert told[1]["observation"]["id"] == "o1"
    last = told[-1]
    assert last.pop("type") == "report"
    assert last == document(made, VIEW)
