"""The driver that writes the screen to a pipe."""

import os

import pytest
from textual.driver import Driver

from diagnose.web import driver
from diagnose.web.app import DRIVER


def test_textual_finds_the_driver() -> None:
    module, _, name = DRIVER.partition(":")
    assert issubclass(getattr(__import__(module, fromlist=[name]), name), Driver)


def test_what_a_pipe_takes_in_parts_arrives_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda pipe, data: real_write(pipe, bytes(data)[:3]))
    assert driver._write(writer, b"0123456789") == 10
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"0123456789"
