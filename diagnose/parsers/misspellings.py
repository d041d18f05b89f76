"""Names that are almost the name of a host: typing errors in a configuration."""

import difflib
from collections.abc import Iterable

#: The longest name of a host (RFC 1035 section 2.3.4). Comparing takes time by the square of it.
_MAX_NAME = 253
#: How similar two names must be (0 to 1) for one to be a misspelling of the other.
MIN_LIKENESS = 0.85


def likeness(name: str, host: str) -> float:
    """Return how much alike a name of a site and a host are, from 0 to 1; 0 for a pattern, and for
    a name that is plainly no misspelling."""
    if (
        max(len(name), len(host)) > _MAX_NAME
        or name.startswith(("~", "*", "."))
        or name.endswith("*")
    ):
        return 0.0
    # www.example.com and example.com are two names; neither is a misspelling of the other.
    if name.lower().removeprefix("www.") == host.removeprefix("www."):
        return 0.0
    matcher = difflib.SequenceMatcher(None, name.lower(), host, autojunk=False)
    # A server may have thousands of names: what the ratio is at most takes a tenth of the time.
    is_near = min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= MIN_LIKENESS
    return matcher.ratio() if is_near else 0.0


def closest_misspelling(names: Iterable[str], host: str) -> str:
    """Return the name that is most like the host; "" if none is like enough."""
    best = max(names, key=lambda name: likeness(name, host), default="")
    return best if best and likeness(best, host) >= MIN_LIKENESS else ""
