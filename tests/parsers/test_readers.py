"""Readers of what strangers send: none raises, whatever it is given, and none takes long."""

import importlib
import pickle
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType

import pytest
import yaml

from tests.support.effort import ALL, FACTOR, sample
from tests.support.readers import ANSWERS, OWN, Reader, readers

ROOT = Path(__file__).parents[2]
READERS = tuple(readers())

#: What formats are made of.
PIECES = (
    ":", ".", " ", "\t", "/", "{", "}", ";", '"', "'", "\\", "(", ")", "[", "]", "<", ">", "-", "*",
    "?", "&", "=", ",", "0", "9", "\n", "\r\n", "#", "$", "%", "a", "b", "\0", "\udcff", "\ud800",
    "é", "²", "\u0660", "-1", "99999999999999999999", "1e999", "NaN", "0x", "::", "\u2028",
    "a:b:c", "content_by_lua_block {", "-----BEGIN X-----", "-----END X-----",
    '{"a":', "@@ -1 +1 @@",
    "T" * 64, "1" * 5000,
)  # fmt: skip


#: Each reader is given these, and so many of its own.
ODD = ("", "content_by_lua_block {", "[" * 100_000, '{"a":' * 100_000, "\ud800\udcff", "9" * 5000)
EXAMPLES = 14 * FACTOR


def texts(reader: Reader) -> Iterator[str]:
    """Texts of the pieces that this reader looks for, and of any others: new ones where all is
    tried. Hypothesis would take ten times the time of most readers."""
    rng = random.Random(None if ALL else reader.name)
    pieces = PIECES + reader.words()
    for _ in range(EXAMPLES):
        length = rng.randrange(25)
        yield "".join(
            rng.choice(pieces) if rng.random() < 0.5 else _any_characters(rng)
            for _ in range(length)
        )


def _any_characters(rng: random.Random) -> str:
    end = rng.choice((0x80, 0x2100, 0x110000))
    return "".join(chr(rng.randrange(end)) for _ in range(rng.randrange(9)))


@pytest.mark.parametrize(
    "reader", READERS, ids=lambda reader: reader.name.removeprefix("diagnose.")
)
def test_a_reader_is_total(reader: Reader) -> None:
    for text in (*ODD, *texts(reader)):
        try:
            reader.read(text)
        except Exception as error:
            error.add_note(f"It was given {text!a}")
            raise


#: Which of its patterns the library compiles anew depends on what was asked before (re, 512 of
#: them are kept): that is no step of a reader's.
NOT_COUNTED = {"re", "enum", "functools", "warnings", "tests"}


class Steps:
    """Lines of Python that were run, whatever the machine."""

    def __init__(self) -> None:
        self.count = 0
        self._not_counted: dict[CodeType, bool] = {}

    def of(self, reader: Reader, text: str) -> int:
        """Return how many a reader needs for a text."""
        self.count, before = 0, sys.gettrace()
        sys.settrace(self._call)  # type: ignore[arg-type]
        try:
            reader.read(text)
        finally:
            sys.settrace(before)
        return self.count

    def _call(self, frame: FrameType, _event: str, _argument: object) -> object:
        code = frame.f_code
        if code not in self._not_counted:
            package = frame.f_globals.get("__name__", "").split(".")[0]
            self._not_counted[code] = package in NOT_COUNTED
        return None if self._not_counted[code] else self._line

    def _line(self, _frame: FrameType, event: str, _argument: object) -> object:
        self.count += event == "line"
        return self._line


class CountedOnce:
    """A parser that many readers ask about the same texts. Its answer is kept, and its steps are
    added for each that asks: to count them line by line takes ten times the time."""

    def __init__(self, work: Callable[..., object], steps: Steps) -> None:
        self._work, self._steps = work, steps
        self._known: dict[str, tuple[bytes, BaseException | None, int]] = {}

    def __call__(self, text: str, *given: object, **named: object) -> object:
        if sys.gettrace() is None:
            return self._work(text, *given, **named)
        before, answer, raised = self._steps.count, b"", None
        if text in self._known:
            answer, raised, steps = self._known[text]
            self._steps.count += steps
        else:
            try:
                answer = pickle.dumps(self._work(text, *given, **named))
            except Exception as error:
                raised = error
            self._known[text] = answer, raised, self._steps.count - before
        if raised:
            raise raised
        return pickle.loads(answer)


STEPS = Steps()


@pytest.fixture
def yaml_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ninety readers read compose files."""
    for name, parser in YAML_PARSERS.items():
        monkeypatch.setattr(yaml, name, parser)


YAML_PARSERS = {name: CountedOnce(getattr(yaml, name), STEPS) for name in ("compose", "safe_load")}


#: How often a unit is repeated in the shorter text, and how long that is at most, in characters:
#: what compares each unit with each other takes sixteen times the steps. What is added for what is
#: done once.
REPEATS, SHORT, ONCE = 100, 400, 1000


@pytest.mark.parametrize(
    "reader", READERS, ids=lambda reader: reader.name.removeprefix("diagnose.")
)
@pytest.mark.usefixtures("yaml_counted_once")
def test_four_times_the_text_takes_four_times_the_steps(reader: Reader) -> None:
    units = [unit for word in sample(reader.words(), 12, ascii) for unit in (word, f"{word}\n")]
    for unit in (*PIECES[:-2], "a;\n", "a{", "a}\n", "<a>", '["a",', "a: b\n", *units):
        few = unit * (min(REPEATS, SHORT // len(unit)) or 1)
        reader.read(few)  # what is imported or compiled once
        assert STEPS.of(reader, few * 4) <= 5 * STEPS.of(reader, few) + ONCE, unit


#: What a regular expression or another library does in one step is not counted above. What takes
#: the square of the time takes an hour for so many characters, and everything else some seconds.
LONG = 200_000
#: Seconds of the processor (setrlimit(2)), not of the clock.
LIMIT = 300

_PROGRAM = """
import sys, warnings; sys.path.insert(0, {root!r}); warnings.simplefilter("ignore")
from tests.parsers.test_readers import LONG, PIECES, READERS
(reader,) = (one for one in READERS if one.name == sys.argv[1])
for piece in dict.fromkeys((*PIECES, *reader.words())):
    for unit in (piece, piece + "\\n"):
        print(repr(unit), flush=True)
        reader.read(unit * (LONG // len(unit)))
"""


@pytest.mark.skipif(not ALL, reason="make test-all")
@pytest.mark.parametrize(
    "reader", READERS, ids=lambda reader: reader.name.removeprefix("diagnose.")
)
def test_no_library_takes_the_square_of_the_time(reader: Reader) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))

    result = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(root=str(ROOT)), reader.name],
        preexec_fn=limited, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-200:] + result.stderr[-2000:]


@pytest.mark.parametrize("name", sorted({*OWN, *ANSWERS}))
def test_what_is_said_of_a_reader_is_said_of_one_that_exists(name: str) -> None:
    module, _, function = name.partition(":")
    assert callable(getattr(importlib.import_module(module), function))
