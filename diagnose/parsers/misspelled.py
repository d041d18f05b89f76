"""Words that were typed in haste: a letter missing, doubled or in its neighbour's place. No I/O.

Only words that other words say a fault with are mended, and never into one that is a word already
("serves" is no "servers", "reused" no "refused").
"""

from collections.abc import Iterator
from functools import cache

from diagnose.parsers.lazy_pattern import lazy_pattern

#: They have six letters or more, nginx apart: a slip in a shorter one is often another word.
_WORDS = frozenset(
    """nginx apache browser browsers server gateway timeout upstream backend firewall network
    localhost internal external address addresses protocol
    certificate certificates expired invalid renewal renewed untrusted security insecure
    connection connections connected connecting disconnect disconnects disconnected disconnecting
    websocket websockets handshake terminal console
    redirect redirects redirected redirecting infinite refresh refreshed refreshing
    forbidden unauthorized authorization authentication permission permissions password username
    upload uploads uploaded uploading download downloads downloaded downloading
    request requests response responses receive received cookie cookies session sessions header
    headers content stylesheet stylesheets javascript images
    available unavailable reachable unreachable accessible inaccessible missing working running
    suddenly sometimes intermittent randomly""".split()  # noqa: SIM905
)
#: Words of their own that differ from one above by a letter.
_OWN = frozenset({"lading", "sever", "severs", "image", "imaged", "consoled"})
_SHORTEST = 6
#: A vowel in another's place ("availible") is mended in words of this length alone.
_LONG = 9
_VOWELS = "aeiou"
_WORD = lazy_pattern(r"(?<![A-Za-z./_@-])[A-Za-z]{4,20}(?![A-Za-z/_@]|\.\w)")


def mended(words: str) -> str:
    """Return words with slips of the keys mended. Names, paths and addresses stay."""
    slips = _slips()
    return _WORD.sub(lambda match: slips.get(match[0].lower(), match[0]), words)


@cache
def _slips() -> dict[str, str]:
    return {
        slip: word
        for word in sorted(_WORDS)
        for slip in _slips_of(word)
        if slip not in _WORDS and slip not in _OWN
    }


def _slips_of(word: str) -> Iterator[str]:
    """Yield the ways to mistype a word. Its first letter is right, and its last is not left out:
    without it a word has another form."""
    for place in range(1, len(word)):
        before, letter, after = word[:place], word[place], word[place + 1 :]
        if after and (len(word) > _SHORTEST or word == "nginx"):
            yield before + after
        if after:
            yield before + after[0] + letter + after[1:]
            yield before + letter + letter + after
        if letter in _VOWELS:
            yield from (before + vowel + letter + after for vowel in _VOWELS)
            if len(word) >= _LONG:
                yield from (before + vowel + after for vowel in _VOWELS)
