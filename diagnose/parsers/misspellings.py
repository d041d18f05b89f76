"""Names that are almost the name of a host: typing errors in a configuration."""

import difflib
from collections.abc import Iterable

#: How similar two names must be (0 to 1) for one to be a misspelling of the other.
MIN_LIKENESS = 0.85


def likeness(name: str, host: str) -> float:
    """Return how much alike a name of a site and a host are, from 0 to 1; 0 for a pattern."""
    if name.startswith(("~", "*", ".")) or name.endswith("*"):
        return 0.0
    # www.example.com and example.com are two names; neither is a misspelling of the other.
    if name.lower().removeprefix("www.") == host.removeprefix("www."):
        return 0.0
    return difflib.SequenceMatcher(None, name.lower(), host, autojunk=False).ratio()


def closest_misspelling(names: Iterable[str], host: str) -> str:
    """Return the name that is most like the host; "" if none is like enough."""
    best = max(names, key=lambda name: likeness(name, host), default="")
    return best if best and likeness(best, host) >= MIN_LIKENESS else ""
