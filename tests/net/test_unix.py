import asyncio
from pathlib import Path

import pytest

from diagnose.net import unix


def test_a_socket_on_which_somebody_listens(tmp_path: Path) -> None:
    path = str(tmp_path / "s")

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    async def work() -> bytes:
        async with await asyncio.start_unix_server(greet, path):
            done = await unix.connect(path)
            assert done.stream
            try:
                return await done.stream.read()
            finally:
                done.stream.close()

    assert asyncio.run(work()) == b"hello"


@pytest.mark.parametrize(("name", "kind"), [("nothing", "missing"), ("file", "refused")])
def test_what_is_no_such_socket(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "file").write_text("")
    result = asyncio.run(unix.connect(str(tmp_path / name)))
    assert result.failure
    assert result.failure.kind == kind


def test_a_path_that_is_too_long() -> None:
    result = asyncio.run(unix.connect("/" + "x" * 200))
    assert result.failure
