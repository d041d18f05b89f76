"""Parses ranges of monitoring plugins: 10, 10:, ~:10, 10:20, @10:20 (Monitoring Plugins Development
Guidelines, "Threshold and Ranges")."""

import math
import re

from diagnose.model.threshold import Range

_NUMBER = r"-?(?:\d+(?:\.\d*)?|\.\d+)"
_RANGE = re.compile(rf"(@?)(?:(~|{_NUMBER})?:)?({_NUMBER})?")


def parse_range(text: str) -> Range:
    """Return the range. Raise ValueError if it is none, or its start is behind its end."""
    match = _RANGE.fullmatch(text)
    if match is None or text in {"", "@"}:
        raise ValueError(text)
    start, end = match[2], match[3]
    low = -math.inf if start == "~" else float(start or 0)
    high = math.inf if end is None else float(end)
    if low > high:
        raise ValueError(text)
    return Range(low, high, match[1] == "@", text)
