"""Make untrusted text safe to show."""

import re

# C0 and C1 controls, and characters that change the reading direction or are invisible (Unicode
# TR 36 section 2.5, UAX 9): they can move the cursor, colour a terminal or disguise a name.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def clean(text: str | bytes, limit: int = 200) -> str:
    """Return printable text of at most `limit` characters, on one line.

    White space is collapsed to single blanks. Control characters, invisible characters, lone
    surrogates and invalid UTF-8 become U+FFFD. Cut text ends in an ellipsis.
    """
    if isinstance(text, bytes):
        # A character has at most four bytes, so there is no need to decode more.
        text = text[: 4 * limit + 4].decode("utf-8", "replace")
    elif _is_clean(text, limit):
        return text
    line = re.sub(r"\s+", " ", text[: 4 * limit + 4]).strip()
    line = UNSAFE.sub("\N{REPLACEMENT CHARACTER}", line)
    return line if len(line) <= limit else line[: max(limit - 1, 0)] + "…"


def _is_clean(text: str, limit: int) -> bool:
    """Whether nothing is to be done: the usual text, for which the patterns take long."""
    return (
        len(text) <= limit
        and text.isascii()
        and text.isprintable()
        and "  " not in text
        and text == text.strip()
    )


def printable(line: str, limit: int = 2000) -> str:
    """Return a line unchanged, blanks included, but without terminal control characters."""
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", line.replace("\t", " ")[:limit])
