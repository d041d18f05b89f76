"""A target for the program."""

import socket
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def shut() -> Iterator[int]:
    """A port of loopback on which nothing listens, and on which nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
