"""Whether an answer has the words of a message that a person pasted. Pure.

The words are compared without tags, entities, marks, quotes and runs of blanks, in lower case. An
address says nothing: an error page writes the one that was asked, and a person pastes it.
"""

import html
import re

from diagnose.parsers.html_tags import excerpt

#: The words in a row that no two texts share by chance: as many, and as long together. A character
#: of Chinese counts as three.
_FEWEST_WORDS, _LENGTH, _WIDE = 3, 24, 3
#: What is compared of a message, in words, and of an answer, in characters.
_MAX_WORDS, _MAX_TEXT = 400, 65_536
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]{1,200}")
_URL = re.compile(r"(?i)\b(?:https?|wss?)://[^\s\"'<>]{1,400}")


def repeats_words(body: str, message: str, address: tuple[str, ...] = ()) -> bool:
    """Return whether an answer has words of a message in a row. `address` are texts that say
    nothing: the host and the path that were asked."""
    words = _words(message, address)[:_MAX_WORDS]
    if len(words) < _FEWEST_WORDS or not body:
        return False
    answer = f" {' '.join(_words(_visible_text(body), address))} "
    end, weight = 0, 0
    for start, first in enumerate(words):
        while end < len(words) and (end - start < _FEWEST_WORDS or weight < _LENGTH):
            weight += _weight(words[end])
            end += 1
        if end - start < _FEWEST_WORDS or weight < _LENGTH:
            return False
        if f" {' '.join(words[start:end])} " in answer:
            return True
        weight -= _weight(first)
    return False


def _visible_text(body: str) -> str:
    """Return what an answer says: a page without its tags, anything else as it is."""
    text = body[:_MAX_TEXT]
    is_page = "<" in text[:512]
    return html.unescape(excerpt(text, _MAX_TEXT) if is_page else text)


def _words(text: str, address: tuple[str, ...]) -> list[str]:
    text = _URL.sub(" ", text)
    for each in address:
        text = text.replace(each, " ") if len(each) > 1 else text
    return _WORD.findall(text.lower())


def _weight(word: str) -> int:
    return _WIDE if "\u3400" <= word <= "\u9fff" else len(word) + 1
