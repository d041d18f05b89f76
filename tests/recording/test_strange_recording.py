"""A recording from a stranger: judged, or refused with a reason, and never a crash."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.cli import main
from diagnose.model import Evidence
from diagnose.recording.codec import MAX_PER_KIND, Recording, encode
from tests.support.check_evidence import NOW, SHOP
from tests.support.effort import examples
from tests.support.report_builder import ANSWER, CLOSED, NAME, SECURE, SERVER

WHOLE = encode(Recording(Evidence(SHOP, NOW, (NAME, CLOSED, SECURE, ANSWER, SERVER)), "laptop"))

ODD = st.one_of(
    st.none(), st.booleans(), st.text(max_size=6), st.integers(), st.floats(),
    st.sampled_from([
        "\ud800", "\x1b[31m", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
        "2026-01-01T00:00:00", 10**400, -1, 2**63, 1e300, [], {}, [[]], ["a"], "a" * 10_000,
    ]),
)  # fmt: skip


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in items:
        found.append((*way, key))
        if isinstance(item, (dict, list)):
            found += places(item, (*way, key))
    return found


@st.composite
def changed(draw: st.DrawFn) -> str:
    """The recording with some of its values replaced."""
    records = [json.loads(line) for line in WHOLE.splitlines()]
    for _ in range(draw(st.integers(1, 3))):
        record = draw(st.sampled_from(records))
        *way, key = draw(st.sampled_from(places(record)))
        for step in way:
            record = record[step]
        with contextlib.suppress(TypeError, IndexError, KeyError):
            record[key] = draw(ODD)
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize("form", ["text", "json", "html", "markdown"])
@examples(20)
@given(text=changed() | st.text(max_size=40))
def test_it_is_judged_or_refused(
    form: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "strange.jsonl"
    path.write_text(text, "utf-8", "surrogatepass")
    status = main.main(["replay", f"--format={form}", str(path)])
    told = capsys.readouterr()
    assert status in {0, 1, 2, 3, 64}, told.err
    assert (status == 64) == told.err.startswith("diagnose: ")
    if form == "json":
        json.loads(told.out)


HEAD, *SEEN = WHOLE.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD + SEEN[0] * (MAX_PER_KIND + 1), "no run sees more than"),
        (HEAD + "[" * 100_000, "Line 2"),
        (HEAD + '{"a":' * 100_000, "Line 2"),
        (HEAD.replace("2026-11-24T12:00:00Z", "2026-11-24T12:00:00"), "without its zone"),
        (HEAD.replace("2026-11-24T12:00:00Z", "0001-01-01T00:00:00+14:00"), "Line 1"),
        (HEAD + '{"kind": "Resolution", "at": 1e999}', "Line 2"),
        (HEAD + '{"kind": "Resolution", "at": NaN}', "Line 2"),
        (HEAD + '{"kind": "Resolution", "at": ' + "9" * 5000 + "}", "Line 2"),
    ],
)
def test_the_reason_is_said(
    text: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "strange.jsonl"
    path.write_text(text)
    assert main.main(["replay", str(path)]) == 64
    assert reason in capsys.readouterr().err


def test_pipes_and_devices_are_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Some never end, and to open some waits for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), Path("/dev/null"), tmp_path):
        assert main.main(["replay", str(path)]) == 64
        assert str(path) in capsys.readouterr().err
    assert main.main(["replay", "a\0b"]) == 64
