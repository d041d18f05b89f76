"""Answers of workers become lines of the output, and never those of another target."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from diagnose.cli.schemas import lines_schema
from diagnose.fleet.jetstream.answers import failure_answer, result_of
from diagnose.fleet.jetstream.messages import Answer, CauseMessage, encode
from diagnose.fleet.run import Result
from diagnose.fleet.target_list import ListedTarget
from diagnose.parsers.target import parse_target

TARGET = parse_target("https://shop.example.com/")
LISTED = ListedTarget(4, "https://shop.example.com/", TARGET)
CAUSE = CauseMessage("tcp.refused", "address", "203.0.113.10 port 443", "It refuses")
SCHEMA = jsonschema.Draft202012Validator(json.loads(lines_schema()))


def verdict(status: str = "ok", url: str = TARGET.url, *causes: CauseMessage) -> bytes:
    line = {
        "type": "verdict",
        "schema_version": "9",
        "target": {"input": url, "url": url, "websockets": []},
        "started_at": "2026-11-26T13:35:43.110872Z",
        "duration_s": 0.2,
        "verdict": {"status": status, "exit_code": 0, "summary": "x"},
        "root_causes": [],
    }
    return encode(Answer(1, status, causes, msgspec.Raw(json.dumps(line).encode())))  # type: ignore[arg-type]


def result(**messages: bytes) -> tuple[Result, dict[str, Any]]:
    made = result_of(LISTED, TARGET, messages)
    line = json.loads(made.text)
    SCHEMA.validate(line)
    assert made.key == LISTED.key
    return made, line


def test_the_only_answer_is_the_line_with_its_vantage() -> None:
    made, line = result(paris=verdict("critical", TARGET.url, CAUSE))
    assert (line["type"], line["vantage"], line["schema_version"]) == ("verdict", "paris", "1.0")
    assert made.status == "critical"
    assert [cause.check for cause in made.causes] == ["tcp.refused"]


def test_several_answers_are_one_comparison_and_the_worst_counts() -> None:
    made, line = result(paris=verdict("ok"), tokyo=verdict("critical", TARGET.url, CAUSE))
    assert (line["type"], line["differs"]) == ("comparison", True)
    assert (line["working"], line["failing"]) == (["paris"], ["tokyo"])
    assert [each["vantage"] for each in line["vantages"]] == ["paris", "tokyo"]
    assert made.status == line["status"] == "critical"
    assert len(made.causes) == 1


def test_a_cause_that_both_see_is_one() -> None:
    message = verdict("critical", TARGET.url, CAUSE)
    made, line = result(paris=message, tokyo=message)
    assert len(made.causes) == 1
    assert not line["differs"]


@pytest.mark.parametrize(
    "message",
    [
        verdict("ok", "https://other.example.com/"),
        encode(Answer(1, "ok", (), msgspec.Raw(b'{"type": "verdict", "target": 1}'))),
        encode(Answer(1, "ok", (), msgspec.Raw(b'{"type": "report", "target": {"host": "x"}}'))),
        encode(Answer(1, "ok", (), msgspec.Raw(b'{"type": "summary"}'))),
        b"nothing",
    ],
)
def test_what_is_no_answer_about_the_target_is_an_error(message: bytes) -> None:
    made, line = result(paris=message)
    assert (line["type"], line["line"], line["input"]) == ("error", 4, LISTED.text)
    assert made.status == "unknown"


def test_an_error_of_a_worker_is_an_unknown_verdict() -> None:
    made, line = result(paris=encode(failure_answer("Refused.", 4, LISTED.text)))
    assert (made.status, line["message"], line["vantage"]) == ("unknown", "Refused.", "paris")
