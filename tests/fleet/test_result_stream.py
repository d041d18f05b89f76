import asyncio
import os
from pathlib import Path

import pytest

from diagnose.fleet.result_stream import ResultStream

FIRST, LAST = '{"type": "verdict", "n": 1}\n', '{"type": "verdict", "n": "è 2"}\n'
WHOLE = (FIRST + LAST).encode()


def repaired(path: Path, content: bytes, last: str) -> bytes:
    """Return what an output is after its writer was killed and a next run has begun."""
    path.write_bytes(content)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    ResultStream(descriptor).complete(last)
    os.close(descriptor)
    return path.read_bytes()


@pytest.mark.parametrize("cut", range(len(LAST.encode()) + 1))
def test_a_line_that_was_cut_off_is_completed(tmp_path: Path, cut: int) -> None:
    begun = WHOLE[: len(FIRST) + cut]
    assert repaired(tmp_path / "out", begun, LAST) == WHOLE


def test_a_summary_that_was_cut_off_is_removed(tmp_path: Path) -> None:
    for tail in (b"{", b'{"type": "gro', b'{"type": "group", "members": ["' + b"a" * 20000):
        assert repaired(tmp_path / "out", WHOLE + tail, "") == WHOLE


def test_what_somebody_else_wrote_stays(tmp_path: Path) -> None:
    assert repaired(tmp_path / "out", b"a note", "") == b"a note"
    assert repaired(tmp_path / "out", b"", LAST) == LAST.encode()


def test_a_pipe_gets_the_line_again() -> None:
    reading, writing = os.pipe()
    ResultStream(writing).complete(LAST)
    assert os.read(reading, 1000) == LAST.encode()
    os.close(reading)
    os.close(writing)


def test_a_slow_reader_does_not_stop_the_event_loop() -> None:
    reading, writing = os.pipe()
    line = "x" * 200_000 + "\n"

    async def write_and_read() -> bytes:
        stream = ResultStream(writing)
        job = asyncio.ensure_future(stream.write(line))
        data = b""
        while len(data) < len(line):  # it is read in the same loop, while the other end waits
            await asyncio.sleep(0)
            data += await asyncio.to_thread(os.read, reading, 65536)
        await job
        return data

    assert asyncio.run(write_and_read()) == line.encode()
    os.close(reading)
    os.close(writing)


def test_a_reader_that_has_gone_is_an_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        asyncio.run(ResultStream(writing).write(FIRST))
    os.close(writing)
