"""Which command a Redis did not know, and what knows it."""

import pytest

from diagnose.parsers.redis_commands import UnknownCommand, unknown_command


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("aioredis.errors.ReplyError: ERR unknown command 'BZPOPMIN'",
         UnknownCommand("BZPOPMIN", "5.0")),
        ("ERR unknown command `XAUTOCLAIM`, with args beginning with: `a`",
         UnknownCommand("XAUTOCLAIM", "6.2")),
        ("ERR unknown command 'hello'", UnknownCommand("HELLO", "6.0")),
        ("ERR unknown command `FT.SEARCH`", UnknownCommand("FT.SEARCH", module="RediSearch")),
        ("ERR unknown command 'FLUSHALL'", None),
        ("unknown command: build", None),
        ("unknown command 'JSON'", None),
    ],
)  # fmt: skip
def test_what_a_line_says(text: str, unknown: UnknownCommand | None) -> None:
    assert unknown_command(text) == unknown
