"""Esc, and a key right behind it, are two keys.

A terminal sends Alt and a key as Esc and the key in one piece. Over a slow line Esc and the next
key that a person types come in one piece too, and tmux joins them on purpose (`escape-time`).
Textual then takes them for one key with Alt, which nothing is bound to here; for some keys it
drops Esc, and for digits it makes another character. So what comes in one piece counts as two keys.
The keys of `WORD_KEYS` move by words in a line of input: `OrderedKeysApp` asks where they go.
"""

from collections.abc import Iterable

from textual._xterm_parser import XTermParser
from textual.events import Key

ESCAPE = "\x1b"

#: What Option and an arrow send on a Mac, and Alt in many terminals (readline's M-b and M-f).
WORD_KEYS = {"\x1bb": "ctrl+left", "\x1bf": "ctrl+right"}


#: Stands for Esc where Textual would make "^" of it: in front of a key behind which another
#: sequence came, such as the place of the cursor. `OrderedKeysApp` makes Esc of it.
EARLIER_ESCAPE = "earlier_escape"


def escape_and(character: str) -> Iterable[Key]:
    """Yield Esc, and the key that sends one character."""
    yield Key("escape", ESCAPE)
    yield from XTermParser()._sequence_to_key_events(character)


class KeyParser(XTermParser):
    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        if alt:
            return escape_and(sequence)
        if sequence == ESCAPE:
            return [Key(EARLIER_ESCAPE, ESCAPE)]
        if sequence in WORD_KEYS:
            return [Key(WORD_KEYS[sequence], sequence)]
        if len(sequence) == 2 and sequence[0] == ESCAPE and sequence[1].isprintable():
            # Textual has some pairs in its table: "£" for Esc and 3.
            known = super()._sequence_to_key_events(sequence)
            return escape_and(sequence[1]) if list(known) else []
        return super()._sequence_to_key_events(sequence)
