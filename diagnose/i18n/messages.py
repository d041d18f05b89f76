"""The program's messages: English in the source, every other language in a catalogue of gettext.

A message has a key, which is also its context (`msgctxt`): the same English words are translated
differently where they mean something else. Every call names its language, because one run may write
the screen in English and a report in Chinese.
"""

import gettext
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from diagnose.i18n import SOURCE_LANGUAGE

DOMAIN = "diagnose"
#: Holds LANG/LC_MESSAGES/diagnose.po, and the compiled diagnose.mo beside it.
LOCALES = Path(__file__).parent / "locales"


@cache
def translation(lang: str) -> gettext.NullTranslations:
    """Return the translations into a language. Raise FileNotFoundError if there is no catalogue."""
    if lang == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALES, [lang])


class Message(NamedTuple):
    """A message in English."""

    key: str
    text: str

    def translate(self, lang: str, count: int) -> str:
        """Return the text in a language; in English if it is not translated."""
        return translation(lang).pgettext(self.key, self.text)


class PluralMessage(NamedTuple):
    """A message that depends on the fact `count`. English has two forms; in a catalogue there are
    as many as the language needs (`Plural-Forms` in its head)."""

    key: str
    singular: str
    plural: str

    def translate(self, lang: str, count: int) -> str:
        """Return the form for a number in a language; in English if it is not translated."""
        return translation(lang).npgettext(self.key, self.singular, self.plural, count)


class Messages:
    """The messages of one part of the program, by key."""

    def __init__(self, *messages: Message | PluralMessage) -> None:
        self._messages = {message.key: message for message in messages}
        assert len(self._messages) == len(messages), "a key stands twice"

    def __iter__(self) -> Iterator[Message | PluralMessage]:
        return iter(self._messages.values())

    def __contains__(self, key: str) -> bool:
        return key in self._messages

    def translate(self, key: str, lang: str, **facts: object) -> str:
        """Return a text in a language, with its facts filled in. The fact `count` chooses the
        form of a message with a plural."""
        count = facts.get("count", 1)
        assert isinstance(count, int)
        text = self._messages[key].translate(lang, count)
        return text.format(**facts) if facts else text
