"""What systems and servers say in other languages, in the English words that the patterns of
symptoms know. Pure, except that it reads `system_words.toml`, once.
"""

from functools import cache
from pathlib import Path

from diagnose.parsers.plain_letters import folded

TABLE = Path(__file__).with_suffix(".toml")


def in_english(words: str) -> str:
    """Return words in which the messages of systems and the phrases of statuses are English."""
    plain = folded(words)
    for english, message in _messages():
        while (start := plain.find(message)) >= 0:
            end = start + len(message)
            words = f"{words[:start]}{english}{words[end:]}"
            plain = f"{plain[:start]}{folded(english)}{plain[end:]}"
    return words


@cache
def _messages() -> tuple[tuple[str, str], ...]:
    """Return each message in plain letters with its English words, the longest first."""
    import tomllib  # few runs have a pasted message

    table = tomllib.loads(TABLE.read_text("utf-8"))
    messages = ((english, folded(each)) for english, told in table.items() for each in told)
    return tuple(sorted(messages, key=lambda message: -len(message[1])))
