"""Tables of words (TOML) as patterns: their lines name fragments by {name}. No I/O."""

import re
from collections.abc import Callable, Mapping, Sequence

_FRAGMENT = re.compile(r"\{([a-z-]+)\}")


def word_patterns(
    fragments: Mapping[str, Sequence[str]],
) -> Callable[[Sequence[str]], re.Pattern[str]]:
    """Return the function that makes one pattern of some lines of a table."""
    alternatives = {name: f"(?:{'|'.join(words)})" for name, words in fragments.items()}

    # A letter of Chinese is no letter of a word beside it: ASCII.
    def pattern(words: Sequence[str]) -> re.Pattern[str]:
        text = _FRAGMENT.sub(lambda match: alternatives[match[1]], "|".join(words))
        return re.compile(text, re.IGNORECASE | re.ASCII)

    return pattern
