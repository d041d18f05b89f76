"""Words that somebody types where a target stands, and that are none: a command of another name, a
path of Windows."""

import re
from collections.abc import Sequence

from diagnose.cli.help_text import COMMANDS
from diagnose.cli.unquoted_words import reads_as_sentence
from diagnose.parsers.target import UsageError, suggestion

#: What other programs have as a command, and how it is typed here.
_OTHER_NAMES = {
    "help": "diagnose --help",
    "version": "diagnose --version",
    "undo": "diagnose fix --undo",
    "resume": "diagnose fix --resume",
}
#: Verbs that other programs want before a target.
_VERBS = {"check", "diagnose", "get", "ping", "probe", "run", "scan", "status", "test"}
_WINDOWS_PATH = re.compile(r"(?:[A-Za-z]:)?\\[^\s]*")


def check_words(words: Sequence[str]) -> None:
    """Raise UsageError if the first word is a command, looks like a mistyped one, or if a word is a
    path of Windows."""
    _check_no_command(words)
    for word in words:
        if _WINDOWS_PATH.fullmatch(word):
            raise UsageError(
                f"{_short(word)} is a path of Windows and no site. Try: diagnose"
                " https://example.com/"
            )


def _short(word: str) -> str:
    """Return a path in quotes, with single backslashes, for one line of a terminal."""
    return repr(word if len(word) <= 60 else word[:59] + "…").replace("\\\\", "\\")


def _check_no_command(words: Sequence[str]) -> None:
    word = words[0]
    if word in COMMANDS:
        raise UsageError(f"The command comes first: diagnose {word} …")
    if "." in word or word == "localhost":
        return
    if command := _other_name(words):
        raise UsageError(f"{word!r} is no command here. Type: {command} (A host: https://{word}/)")
    # Servers are called web1 or mcp1: that is no mistyped command.
    commands = tuple(command for command in COMMANDS if command not in {"web", "mcp"})
    if (hint := suggestion(word, commands)) and not reads_as_sentence(words):
        raise UsageError(f"There is no command {word!r}.{hint} (A host: https://{word}/)")


def _other_name(words: Sequence[str]) -> str:
    """Return how a command of another program is typed here; "" for every other word."""
    match words:
        case [word]:
            return _OTHER_NAMES.get(word, "")
        case ["help", command] if command in COMMANDS:
            return f"diagnose {command} --help"
        case [verb, target] if verb in _VERBS and re.fullmatch(r"[\w.:/-]*\.[\w.:/-]+", target):
            return f"diagnose {target}"
        case [verb, "localhost"] if verb in _VERBS:
            return "diagnose localhost"
    return ""
