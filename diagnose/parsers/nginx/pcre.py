"""Regular expressions of nginx (PCRE) in Python's `re`, as far as that can express them. No I/O."""

import re
import warnings
from functools import lru_cache


def pcre_matches(pattern: str, text: str, ignore_case: bool) -> bool:
    """Return whether a PCRE matches. False if Python's `re` cannot express the pattern."""
    return pcre_search(pattern, text, ignore_case) is not None


def pcre_search(pattern: str, text: str, ignore_case: bool) -> re.Match[str] | None:
    """Return the match of a PCRE with its groups. None also if `re` cannot express the pattern."""
    compiled = _compile_pcre(pattern, ignore_case)
    return compiled.search(text) if compiled else None


def is_supported_pcre(pattern: str) -> bool:
    """Return whether Python's `re` can express the pattern, so that `pcre_matches` can decide."""
    return _compile_pcre(pattern, False) is not None


def pcre_groups(pattern: str) -> int:
    """Return how many groups a PCRE has, those with names included; 0 also if `re` cannot express
    the pattern."""
    compiled = _compile_pcre(pattern, False)
    return compiled.groups if compiled else 0


_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "A-Za-z0-9", "lower": "a-z", "upper": "A-Z",
    "xdigit": "0-9A-Fa-f", "space": r"\s", "word": r"\w",
}  # fmt: skip


@lru_cache(maxsize=512)
def _compile_pcre(pattern: str, ignore_case: bool) -> re.Pattern[str] | None:
    # PCRE also accepts named groups without the P, and POSIX classes (pcre2pattern(3)).
    translated = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern)
    translated = re.sub(r"\[:(\w+):\]", lambda match: _CLASSES.get(match[1], match[0]), translated)
    if "[:" in translated or re.search(r"\\[QEhHKRzGX]|\(\?[|R&+0-9]|\(\*", translated):
        return None
    try:
        with warnings.catch_warnings():
            # Python warns of "[[", although it reads it as PCRE does.
            warnings.simplefilter("ignore")
            return re.compile(translated, re.ASCII | (re.IGNORECASE if ignore_case else 0))
    except (re.error, RecursionError, OverflowError, ValueError):
        return None
