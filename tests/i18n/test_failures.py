"""The messages of failures that the program words itself."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import diagnose
from diagnose.i18n import failures
from diagnose.i18n.messages import Message
from tests.support.source_texts import texts_of

PACKAGE = Path(diagnose.__file__).parent
#: Messages as other programs write them, and some that no report shows.
FOREIGN = {
    "Name or service not known", "No address associated with hostname",
    "Temporary failure in name resolution",
    # of the demonstration, of a replay, of the exporter, of a container's shell
    "not shown here", "this machine is only remembered", "the server's programs get no input",
    "a container's connections are made by commands only",
    "the demonstration has no name server", "no message in {} bytes",
    # a shell's
    "{}: not found", "{}: permission denied",
    # with the reason that the API gave
    "Globalping: {}", "ssh: {}", "{}: {}",
}  # fmt: skip
SYSTEM = {os.strerror(number) for number in range(1, 134)}


def worded() -> Iterator[tuple[str, str]]:
    """The messages in the source, with {} for what is filled in, and where they stand."""
    for path in PACKAGE.rglob("*.py"):
        if path.name == "junit.py":  # a failure of JUnit is another class
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            position = {"Failure": 1, "EOFError": 0, "TimeoutError": 0}.get(node.func.id)
            if position is not None and len(node.args) > position:
                for text in texts_of(node.args[position]):
                    yield text, f"{path.relative_to(PACKAGE)}:{node.lineno}"


def test_each_of_them_is_in_the_catalogue() -> None:
    ours = {re.sub(r"\{\w+\}", "{}", message.text) for message in _templates()}
    missing = {
        text: place
        for text, place in worded()
        if text not in ours | FOREIGN | SYSTEM and re.search("[a-z]{2}", text)
    }
    assert missing == {}


def _templates() -> list[Message]:
    return [message for message in failures.MESSAGES if isinstance(message, Message)]


@pytest.mark.parametrize("message", _templates(), ids=lambda message: message.key)
def test_each_is_recognized(message: Message) -> None:
    filled = re.sub(r"\{\w+\}", "7", message.text)
    assert failures.text(filled, "en") == filled
    assert failures.text(filled, "zh") != filled


def test_the_words_inside_of_another_are_translated_too() -> None:
    proxied = "proxy proxy.example.net:3128: timed out"
    assert failures.text(proxied, "zh") == "代理 proxy.example.net:3128：超时"


def test_the_words_of_a_system_stay_beside_the_translation() -> None:
    assert failures.text("No route to host", "zh") == "没有到主机的路由 No route to host"
    assert failures.text("Too many links", "zh") == "Too many links"
