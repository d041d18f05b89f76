"""What somebody types for a command, or for a site, and is none."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.target import UsageError


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["help"], "Type: diagnose --help"),
        (["help", "fix"], "Type: diagnose fix --help"),
        (["version"], "Type: diagnose --version"),
        (["undo"], "Type: diagnose fix --undo"),
        (["check", "shop.acme.net"], "Type: diagnose shop.acme.net"),
        (["test", "https://shop.acme.net/ws"], "Type: diagnose https://shop.acme.net/ws"),
        (["status", "localhost"], "Type: diagnose localhost"),
        (["repaly", "shop.jsonl"], "Did you mean replay?"),
        (["fix"], "The command comes first: diagnose fix"),
        ([r"C:\Users\me\error.log"], r"'C:\Users\me\error.log' is a path of Windows"),
        ([r"\\files\web\index.html"], "is a path of Windows"),
    ],
)
def test_it_is_told_how_it_is_typed_here(words: list[str], told: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_targets(words, (), "en")
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("words", "host"),
    [
        (["test"], "test"),
        (["check"], "check"),
        (["help.acme.net"], "help.acme.net"),
        ([r"https://shop.acme.net/", r"open() C:\nginx\html\index.html failed"], "shop.acme.net"),
    ],
)
def test_hosts_and_messages_are_not_mistaken(words: list[str], host: str) -> None:
    assert parse_targets(words, (), "en")[0].host == host
