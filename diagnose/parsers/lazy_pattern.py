"""Regular expressions that are compiled when they are first used.

A run on a healthy site imports some hundred expressions, and uses a fifth of them. Compiling one
takes about 0.1 ms. What nearly every run uses is compiled by `re.compile` as everywhere.
"""

import re
from typing import Any, AnyStr, cast


class _LazyPattern:
    def __init__(self, pattern: Any, flags: int) -> None:
        self._arguments = pattern, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._arguments), name)
        # The next call finds it as an attribute.
        setattr(self, name, value)
        return value


def lazy_pattern(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what `re.compile` would return, as far as its methods and attributes are used. A
    function of `re` does not take it for an expression."""
    return cast(re.Pattern[AnyStr], _LazyPattern(pattern, flags))
