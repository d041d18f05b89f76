import asyncio
import io
from pathlib import Path

import pytest

from diagnose.fleet.target_list import (
    MAX_LINE,
    ListedTarget,
    count_lines,
    read_targets,
    registered_domain,
)
from diagnose.parsers.target import parse_target


def listed(data: bytes) -> list[ListedTarget]:
    async def read() -> list[ListedTarget]:
        return [read_target async for read_target in read_targets(io.BytesIO(data), parse_target)]

    return asyncio.run(read())


def test_each_line_is_a_target_and_comments_are_none() -> None:
    first, second = listed(b"# shops\nshop.example.com  # the first\n\n\r\nwss://a.example/ws\r\n")
    assert first.target
    assert second.target
    assert (first.line, first.target.url) == (2, "https://shop.example.com/")
    assert (second.line, second.target.websockets) == (5, ("/ws",))


def test_a_fragment_is_no_comment() -> None:
    (only,) = listed(b"https://shop.example.com/page#part")
    assert only.target
    assert only.target.path.startswith("/page")


def test_a_line_that_names_no_target_says_why_and_ends_nothing() -> None:
    bad, good = listed(b"https://\nshop.example.com")
    assert bad.problem
    assert bad.target is None
    assert good.target


def test_hostile_lines_are_bounded() -> None:
    long, binary, good = listed(b"a" * (10 * MAX_LINE) + b"\n\xff\x00\xfe\nshop.example.com\n")
    assert long.problem == "The line is too long."
    assert len(long.text) <= 500
    assert binary.problem
    assert (good.line, bool(good.target)) == (3, True)


@pytest.mark.parametrize(
    "line", ["1,shop.example.com", "shop.example.com;443", "shop.example.com\t443", "- a.example"]
)
def test_a_row_of_a_table_is_told_from_a_mistyped_name(line: str) -> None:
    row, good = listed(f"{line}\nshop.example.com\n".encode())
    assert row.problem.startswith("The line holds more than a target.")
    assert good.target


def test_a_list_in_utf_16_says_what_to_do() -> None:
    (only,) = listed("shop.example.com\r\nb.example\r\n".encode("utf-16"))
    assert "iconv" in only.problem


def test_the_last_line_needs_no_end() -> None:
    assert len(listed(b"a.example\nb.example")) == 2
    assert listed(b"") == []


def test_the_key_is_the_same_however_a_target_is_written() -> None:
    first, second, other = listed(
        b"SHOP.example.com\nhttps://shop.example.com:443/\nwss://shop.example.com/"
    )
    assert first.key == second.key
    assert other.key != first.key


def test_the_registered_domain_is_below_the_public_suffix() -> None:
    assert registered_domain("a.b.example.co.uk") == "example.co.uk"
    assert registered_domain("a.b.example.com") == "example.com"
    assert registered_domain("alice.github.io") == "alice.github.io"
    assert registered_domain("203.0.113.10") == "203.0.113.10"
    assert registered_domain("localhost") == "localhost"


def test_lines_are_counted_as_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("# a\n\na.example\n  # b\nb.example # c")
    assert count_lines(path) == 2
