"""Slips in a target that a person types: what is understood all the same, and what is no site."""

import re

from diagnose.model.symptom import ERROR_STATUS
from diagnose.parsers.lazy_pattern import lazy_pattern

#: A scheme with a slip in what follows it: "http//", "https;//".
SLIPPED_SCHEME = re.compile(r"(https?|wss?)[;.,]?//+", re.IGNORECASE)

#: A URL with a blank in its name: "https://my shop.example.com/", "http://web server/". After a
#: whole name stands text.
_BLANK_IN_NAME = lazy_pattern(
    r"(?:https?|wss?)://(?!localhost\s)[\w-]{1,63}[ \t]{1,4}[\w-]{1,63}"
    r"(?:(?:\.[\w-]{1,63}){1,9}/?|/)",
    re.IGNORECASE,
)

#: A site and the status that visitors get there, and nothing else.
_SITE_AND_STATUS = lazy_pattern(
    rf"(?:(?P<site>\S{{3,500}}?)[:：,，]?\s{{1,4}}(?P<status>{ERROR_STATUS})[.!?。！？]?"
    rf"|(?P<first>{ERROR_STATUS})[:：,，]?\s{{1,4}}(?P<last>\S{{3,500}}))"
)

#: A path of the site among few words: "status /login".
_NAMED_PATH = lazy_pattern(
    r"(?:[\w-]{1,20} ){1,2}(/(?!(?:etc|var|usr|srv|home|opt|root|run|tmp|proc)/)"
    r"[\w~%.-][\w~%./?&=-]{0,400})"
)


def named_path(text: str) -> str:
    """Return the path behind one or two words; "" if a text is anything else."""
    match = _NAMED_PATH.fullmatch(text.strip())
    return match[1] if match else ""


def has_blank_in_name(text: str) -> bool:
    """Return whether a text is a URL and nothing else, with a blank in its name."""
    return _BLANK_IN_NAME.fullmatch(text) is not None


def site_and_status(text: str) -> tuple[str, int] | None:
    """Return the site and the status of "shop.example.com 502" or "502 shop.example.com"; None if
    the text is anything else."""
    match = _SITE_AND_STATUS.fullmatch(text)
    if match is None:
        return None
    site = match["site"] or match["last"]
    return (site, int(match["status"] or match["first"])) if _is_site(site) else None


def _is_site(word: str) -> bool:
    """Return whether a word is a name with a dot or a URL, and no option or file."""
    has_dot = any(dot in word.strip(".") for dot in ".。｡．")
    is_named = has_dot or word.partition(":")[0] == "localhost" or "://" in word
    return is_named and word[0] not in "-/.~"


def is_network(text: str) -> bool:
    """Return whether a text is a network in CIDR notation (RFC 4632), and no page at an address:
    "10.0.0.0/8", but not "10.0.0.1/8"."""
    if not re.fullmatch(r"[0-9a-f.:]+/\d{1,3}", text):
        return False
    from ipaddress import ip_network

    try:
        return ip_network(text).num_addresses > 1
    except ValueError:
        return False
