"""The messages between a fleet and its workers: JSON, and what it is about in the subject.

Both sides take what arrives for hostile. A message has the fields that are named here and no other,
each of a bounded length; there is none that could make a worker look inside a server, change
something, or go elsewhere than to the target.
"""

import re
from hashlib import blake2b
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from diagnose.model.frozen import frozen

#: The streams, and what the subjects of their messages begin with.
TASKS, RESULTS = "DIAGNOSE-TASKS", "DIAGNOSE-RESULTS"
TASK_PREFIX, RESULT_PREFIX = "diagnose.tasks", "diagnose.results"

#: A name that can be a part of a subject and the name of a consumer.
VANTAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")

#: A task of a target takes at most as many seconds.
MAX_TIMEOUT = 120.0

#: Bytes that a message may have beside its data, for the subject and the header.
ENVELOPE = 1024

_SUBJECT = re.compile(
    rf"diagnose\.(?:tasks|results)\.({VANTAGE_NAME.pattern})\.([0-9a-f]{{16}})\.([0-9a-f]{{32}})"
)

_Line = Annotated[str, msgspec.Meta(max_length=8192)]
_Path = Annotated[str, msgspec.Meta(max_length=2048)]
_Word = Annotated[str, msgspec.Meta(max_length=64)]
_Text = Annotated[str, msgspec.Meta(max_length=4096)]


MessageT = TypeVar("MessageT")


class MessageError(ValueError):
    """A message is not one of ours; the text says why."""


@frozen
class TaskId:
    """Which target, of which run, seen from which vantage: the subject of the messages about it."""

    vantage: str
    run: str
    target: str

    @property
    def task_subject(self) -> str:
        return f"{TASK_PREFIX}.{self.vantage}.{self.run}.{self.target}"

    @property
    def result_subject(self) -> str:
        return f"{RESULT_PREFIX}.{self.vantage}.{self.run}.{self.target}"

    @property
    def message_id(self) -> str:
        """The `Nats-Msg-Id` of both messages: each stream takes it once."""
        return f"{self.run}.{self.target}.{self.vantage}"


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A target to be diagnosed: a line of the list, and how it is looked at. `compact` asks for the
    verdict alone."""

    version: Literal[1]
    line: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    text: Annotated[_Line, msgspec.Meta(min_length=1)]
    websockets: Annotated[tuple[_Path, ...], msgspec.Meta(max_length=16)] = ()
    timeout: Annotated[float, msgspec.Meta(gt=0, le=MAX_TIMEOUT)] = 15.0
    family: Literal[4, 6] | None = None
    only: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=32)] = ()
    skip: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=32)] = ()
    lang: _Word = "en"
    compact: bool = False


class CauseMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A root cause, as `diagnose.fleet.grouping.Cause`."""

    check: Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[a-z0-9_-]+\.[a-z0-9_-]+$")]
    kind: Literal["server-block", "certificate", "resolver", "address", "name", "target"]
    place: _Text
    title: _Text


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a worker answers: the status of the verdict, the causes, and the line of the output,
    which is a JSON object."""

    version: Literal[1]
    status: Literal["ok", "warning", "critical", "unknown"]
    causes: Annotated[tuple[CauseMessage, ...], msgspec.Meta(max_length=64)]
    line: msgspec.Raw


def target_digest(key: str) -> str:
    """Return the name of a target in subjects: a digest of its key."""
    return blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def parse_subject(subject: str) -> TaskId:
    match = _SUBJECT.fullmatch(subject)
    if match is None:
        raise MessageError("the subject is not one of diagnose")
    return TaskId(*match.groups())


def encode(message: Task | Answer) -> bytes:
    return msgspec.json.encode(message)


def parse_task(data: bytes) -> Task:
    return _parse(data, Task)


def parse_answer(data: bytes) -> Answer:
    return _parse(data, Answer)


def answer_line(answer: Answer) -> dict[str, Any]:
    """Return the fields of the line of an answer."""
    line = _parse(answer.line, dict[str, Any])
    if line.get("type") not in {"report", "verdict", "error"}:
        raise MessageError("the line is of no known type")
    return line


def _parse(data: bytes | msgspec.Raw, kind: type[MessageT]) -> MessageT:
    try:
        return msgspec.json.decode(data, type=kind)
    # A deep nesting raises RecursionError (msgspec, "Maximum recursion depth").
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MessageError(str(error)[:200]) from None
