"""Texts of a recording in the reader's language: they are recognized by their English words,
because a recording is read in another language than the one it was made in."""

import re
from collections.abc import Callable
from functools import cache

from diagnose.i18n import SOURCE_LANGUAGE
from diagnose.i18n.messages import Message, Messages

#: Translates a text, or returns it unchanged.
Translate = Callable[[str, str], str]


def recognize(messages: Messages, text: str, lang: str, inner: Translate) -> str:
    """Return the text of one of these messages in a language, the filled-in facts translated by
    `inner`; the text itself if it is none of them."""
    if lang == SOURCE_LANGUAGE:
        return text
    for pattern, key in _patterns(messages):
        if match := pattern.fullmatch(text):
            facts = {name: inner(fact, lang) for name, fact in match.groupdict().items()}
            return messages.translate(key, lang, **facts)
    return text


@cache
def _patterns(messages: Messages) -> list[tuple[re.Pattern[str], str]]:
    return [
        (
            re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template.text))),
            template.key,
        )
        for template in messages
        if isinstance(template, Message)
    ]
