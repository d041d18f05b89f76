"""The addresses in an answer that have the name and the port of its request's field Host: a program
makes them of that field (RFC 9110 section 7.2). No I/O.

They stand in links of a page, in JSON, in feeds and lists of pages (sitemap.xml), and in the fields
Link and Content-Location. What redirects has checks of its own.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from diagnose.model import Target
from diagnose.model.http import Exchange

#: As many addresses are named, and characters of an answer are looked at.
_MOST, _MAX_TEXT = 3, 262_144
#: JSON may write a slash as \\/ (RFC 8259 section 7). The scheme may be left out.
_ADDRESS = r"(?:https?:)?(?://|\\/\\/){}(?![\w.:-])(?:[^\s\"'<>`{{}}|^\\]|\\/){{0,300}}"
_FIELDS = ("Link", "Content-Location")


def addresses_of(text: str, authority: str) -> tuple[str, ...]:
    """Return the addresses of a host and port in a text, each once, at most three."""
    if not authority:
        return ()
    pattern = re.compile(_ADDRESS.format(re.escape(authority)), re.IGNORECASE)
    matches = pattern.finditer(text[:_MAX_TEXT])
    addresses = (match[0].replace("\\/", "/").rstrip(".,;)") for match in matches)
    return tuple(islice(dict.fromkeys(addresses), _MOST))


def is_visitors_host(host: str, target: Target) -> bool:
    """Return whether a value of the field Host is the visitor's, with the port or without it, or
    none."""
    return host.lower() in {"", target.host, target.authority}


def answer_text(answer: Exchange) -> str:
    """Return what of an answer may name its server: its body as it begins, and two fields."""
    return "\n".join((answer.body, *_field_values(answer)))


def _field_values(answer: Exchange) -> Iterator[str]:
    for name, value in answer.headers:
        if name.title() in _FIELDS:
            yield value


def follows_host(
    answer: Exchange, sent: Sequence[str], changed: Sequence[str], hosts: tuple[str, str]
) -> bool:
    """Return whether an address has the Host that the program gets, whichever of the two `hosts` it
    is, and the same path: `sent` and `changed` are the addresses in its answers to the one and the
    other. What stands in the visitor's answer as it is, such as an example, follows no field."""
    if not sent or not changed:
        return False
    pairs = zip((sent[0], changed[0]), hosts, strict=True)
    rests = {url.partition("//")[2][len(host) :] for url, host in pairs}
    text = answer_text(answer).replace("\\/", "/")
    return len(rests) == 1 and changed[0].partition("//")[2] not in text
