"""Messages are hostile until they are parsed."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.fleet.jetstream.messages import (
    Answer,
    CauseMessage,
    MessageError,
    Task,
    TaskId,
    answer_line,
    encode,
    parse_answer,
    parse_subject,
    parse_task,
    target_digest,
)

RUN, DIGEST = "0123456789abcdef", target_digest("https://shop.example.com/")
TASK = {"version": 1, "line": 3, "text": "shop.example.com"}
ANSWER = {"version": 1, "status": "ok", "causes": [], "line": {"type": "verdict"}}


def test_a_task_and_an_answer_arrive_as_they_were_sent() -> None:
    task = Task(1, 7, "wss://a.example/ws", ("/ws",), 5.0, 6, ("tcp",), (), "zh", True)
    assert parse_task(encode(task)) == task
    cause = CauseMessage("tcp.refused", "address", "203.0.113.10 port 443", "refused")
    answer = parse_answer(encode(Answer(1, "critical", (cause,), msgspec.Raw(b'{"type":"error"}'))))
    assert (answer.causes, answer_line(answer)) == ((cause,), {"type": "error"})


@pytest.mark.parametrize(
    "fields",
    [
        {"server": "ssh://root@203.0.113.10"},  # a task never leads inside a server
        {"cafile": "/etc/shadow"},
        {"command": "fix"},
        {"version": 2},
        {"line": 0},
        {"text": ""},
        {"text": "a" * 8193},
        {"websockets": ["/ws"] * 17},
        {"websockets": "/ws"},
        {"timeout": 0},
        {"timeout": 1e6},
        {"family": 5},
        {"only": ["tcp"] * 33},
        {"compact": "yes"},
    ],
    ids=str,
)
def test_a_task_has_no_other_fields_and_no_other_values(fields: dict[str, Any]) -> None:
    assert parse_task(json.dumps(TASK).encode())
    with pytest.raises(MessageError):
        parse_task(json.dumps({**TASK, **fields}).encode())


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "fine"},
        {"further": 1},
        {"causes": [{"check": "x", "kind": "address", "place": "", "title": ""}]},
        {"causes": [{"check": "a.b", "kind": "moon", "place": "", "title": ""}]},
        {"line": {"type": "summary"}},  # only the fleet itself says such a thing
        {"line": {"type": "group"}},
        {"line": {}},
        {"line": ["verdict"]},
        {"line": "verdict"},
    ],
    ids=str,
)
def test_an_answer_has_no_other_fields_and_no_other_values(fields: dict[str, Any]) -> None:
    assert answer_line(parse_answer(json.dumps(ANSWER).encode())) == {"type": "verdict"}
    with pytest.raises(MessageError):
        answer_line(parse_answer(json.dumps({**ANSWER, **fields}).encode()))


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b'{"version": NaN}', b"\xff", b"null"])
def test_what_is_no_message_is_an_error_of_ours(data: bytes) -> None:
    for parse in (parse_task, parse_answer):
        with pytest.raises(MessageError):
            parse(data)


def test_a_line_may_not_be_nested_without_end() -> None:
    data = (
        json.dumps({**ANSWER, "line": 0}).encode().replace(b" 0}", b'{"a":' * 10**5 + b"}" * 10**5)
    )
    with pytest.raises(MessageError):
        answer_line(parse_answer(data))


@given(st.binary() | st.recursive(st.none() | st.text(), st.lists).map(repr).map(str.encode))
def test_parsers_are_total(data: bytes) -> None:
    for parse in (parse_task, parse_answer):
        with pytest.raises(MessageError):
            parse(data)


def test_the_subject_says_what_a_message_is_about() -> None:
    task_id = TaskId("paris", RUN, DIGEST)
    assert parse_subject(task_id.task_subject) == task_id == parse_subject(task_id.result_subject)
    assert task_id.task_subject != task_id.result_subject
    assert TaskId("tokyo", RUN, DIGEST).message_id != task_id.message_id


@pytest.mark.parametrize(
    "subject",
    [
        "diagnose.tasks.paris.1.2",
        f"diagnose.tasks.a b.{RUN}.{DIGEST}",
        f"diagnose.tasks.*.{RUN}.{DIGEST}",
        f"diagnose.other.paris.{RUN}.{DIGEST}",
        f"diagnose.tasks.paris.{RUN}.{DIGEST}\n",
        "",
    ],
)
def test_another_subject_is_none_of_ours(subject: str) -> None:
    with pytest.raises(MessageError):
        parse_subject(subject)
