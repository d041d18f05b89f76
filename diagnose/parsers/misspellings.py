"""Names that are almost the name of a host: typing errors in a configuration."""

import difflib
from collections.abc import Iterable

#: The longest name of a host (RFC 1035 section 2.3.4). Comparing takes time by the square of it.
_MAX_NAME = 253
#: How similar two names must be (0 to 1) for one to be a misspelling of the other.
MIN_LIKENESS = 0.85
#: The least number of letters of a label that may be misspelled: "api" and "app" are words.
MIN_LETTERS = 4


def likeness(name: str, host: str) -> float:
    """Return how much alike a name of a site and a host are, from 0 to 1; 0 for a pattern, and for
    a name that is plainly no misspelling. A name in another script is none but of the name that
    browsers send in its place: servers that compare letter by letter do not know the two as one."""
    if not name.isascii():
        return float(sent_name(name) == host.lower())
    if (
        max(len(name), len(host)) > _MAX_NAME
        or name.startswith(("~", "*", "."))
        or name.endswith("*")
    ):
        return 0.0
    # www.example.com and example.com are two names; neither is a misspelling of the other.
    if name.lower().removeprefix("www.") == host.removeprefix("www."):
        return 0.0
    (own, _, own_domain), (first, _, domain) = name.lower().partition("."), host.partition(".")
    # Of three letters, one that is missing still tells the word: "sho" of "shop".
    least = MIN_LETTERS if len(own) == len(first) else MIN_LETTERS - 1
    if own_domain == domain and not is_typing_error(own, first, least):
        # Two sites of one owner.
        return 0.0
    matcher = difflib.SequenceMatcher(None, name.lower(), host, autojunk=False)
    # A server may have thousands of names: what the ratio is at most takes a tenth of the time.
    is_near = min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= MIN_LIKENESS
    return matcher.ratio() if is_near else 0.0


def sent_name(name: str) -> str:
    """Return a name in another script as browsers send it ("xn--…", RFC 5891 after the mapping of
    UTS 46); "" for a name in ASCII, and for one that is none."""
    if name.isascii() or len(name) > _MAX_NAME:
        return ""
    # Imported late: few configurations have such a name.
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


def is_typing_error(written: str, meant: str, min_letters: int = MIN_LETTERS) -> bool:
    """Return whether one letter is missing, too many or another one, or two are exchanged. A number
    is no letter, and a plural ("user" and "users") another word; so is a short word, where nearly
    every letter makes another one."""
    short, long = sorted((written.lower(), meant.lower()), key=len)
    if len(short) < min_letters or len(long) > _MAX_NAME or len(long) - len(short) > 1:
        return False
    if short == long or long == f"{short}s":
        return False
    start = next(
        (place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short)
    )
    if len(short) < len(long):
        return long[start].isalpha() and short[start:] == long[start + 1 :]
    is_exchanged = short[start : start + 2] == long[start : start + 2][::-1]
    width = 2 if is_exchanged else 1
    letters = short[start : start + width] + long[start : start + width]
    return letters.isalpha() and short[start + width :] == long[start + width :]


def closest_misspelling(names: Iterable[str], host: str) -> str:
    """Return the name that is most like the host; "" if none is like enough."""
    best = max(names, key=lambda name: likeness(name, host), default="")
    return best if best and likeness(best, host) >= MIN_LIKENESS else ""
