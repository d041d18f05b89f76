"""Authelia's limit for the header of a request."""

import pytest

from diagnose.parsers.authelia_buffers import authelia_size

ADDRESS = "theme: dark\nserver:\n  address: 'tcp://127.0.0.1:9091/'\n{}log:\n  level: info\n"


def changed(text: str) -> str:
    change = authelia_size(text)
    if change is None:
        return ""
    lines = text.split("\n")
    assert lines[change.number - 1] == change.line
    lines[change.number - (not change.added) : change.number] = change.new.split("\n")
    return "\n".join(lines)


BUFFERS = "  buffers:\n    read: 16384\n    write: 16384\n"


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ("  buffers:\n    read: 4096\n", "  buffers:\n    read: 16384\n"),
        ("  buffers:\n    write: 4096\n", "  buffers:\n    read: 16384\n    write: 4096\n"),
        ("  read_buffer_size: 4096  # bytes\n", "  read_buffer_size: 16384  # bytes\n"),
    ],
)
def test_the_line_becomes_larger(lines: str, right: str) -> None:
    assert changed(ADDRESS.format(lines)) == ADDRESS.format(right)


def test_lines_are_added_below_the_server() -> None:
    assert changed(ADDRESS.format("")) == ADDRESS.format("").replace(
        "server:\n", f"server:\n{BUFFERS}"
    )


@pytest.mark.parametrize(
    "text",
    [
        ADDRESS.format(BUFFERS),
        ADDRESS.format("  buffers: {read: 4096}\n"),
        ADDRESS.format("  buffers:\n    read: '{{ env \"SIZE\" }}'\n"),
        ADDRESS.format("  buffers:\n"),
        "server: {}\n",
        "server:\n",
        "log:\n  level: info\n",
        "",
    ],
)
def test_nothing_is_changed_where_it_is_large_or_not_known(text: str) -> None:
    assert authelia_size(text) is None
