"""Characters that look right in a configuration and are others: a byte order mark, a no-break
space, full-width punctuation. They come with text copied from a web page or saved on Windows. No
I/O."""

import re

from diagnose.model.frozen import frozen

#: The characters that a program would have understood instead.
REPLACEMENTS = {
    "\ufeff": "",
    "\u200b": "",
    "\u00a0": " ",
    "\u2002": " ",
    "\u2003": " ",
    "\u3000": " ",
    "\uff1b": ";",
    "\uff5b": "{",
    "\uff5d": "}",
    "\u201c": '"',
    "\u201d": '"',
    "\u2018": "'",
    "\u2019": "'",
}

#: Comments and quoted strings, in which any character may be intended; or such a character.
_PART = re.compile(
    r"""(?<!\S)\#[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?P<odd>["""
    + "".join(REPLACEMENTS)
    + "])"
)


@frozen
class OddCharacter:
    """One such character and its offset in the text."""

    offset: int
    character: str


def odd_characters(text: str) -> tuple[OddCharacter, ...]:
    """Return such characters of a text, in their order."""
    return tuple(
        OddCharacter(match.start(), match[0]) for match in _PART.finditer(text) if match["odd"]
    )


def replaced(text: str) -> str:
    """Return a text with the characters that were meant in the place of odd ones."""
    return _PART.sub(lambda match: REPLACEMENTS[match[0]] if match["odd"] else match[0], text)
