"""What the kinds of observation share to describe themselves on one line.

A summary is words and facts: the words are `phrase`s, which the outputs translate
(`diagnose.outputs.digest`). Machine messages and the words of configurations are plain strings and
stay as they are. `make catalogues` finds the phrases.
"""

from diagnose.model.frozen import frozen


@frozen
class Phrase:
    """English words with facts in braces: "zone {name}".

    A fact is a string or a number, a tuple for a list, or a phrase. `plural` is the form for a
    `count` other than 1, "" for words without a number.
    """

    text: str
    facts: dict[str, object]
    plural: str = ""


#: A text that is not translated, a phrase, or a list, which reads "none" without an item.
Words = str | Phrase | tuple["Words", ...]
#: The subject of an observation and its outcome.
Summary = tuple[Words, Words]


def phrase(text: str, /, **facts: object) -> Phrase:
    return Phrase(text, facts)


def counted(singular: str, plural: str, count: int, /, **facts: object) -> Phrase:
    """Return a phrase about a number, which is its fact `count`."""
    return Phrase(singular, {"count": count, **facts}, plural)


def remarked(words: Words, *remarks: Words) -> Words:
    """Return the words with the remarks in brackets behind them; those without words are left
    out."""
    remark = tuple(filter(None, remarks))
    return phrase("{words} ({remark})", words=words, remark=remark) if remark else words


def clauses(*parts: Words) -> Words:
    """Return the parts one after the other with semicolons; those without words are left out."""
    first, *further_parts = [part for part in parts if part] or [""]
    for further_part in further_parts:
        first = phrase("{first}; {second}", first=first, second=further_part)
    return first


def answer_phrase(status: int | None) -> Phrase:
    """Return the status of an HTTP response in words, also that there was none."""
    return phrase("answers {status}", status=status) if status else phrase("no answer")


def application_phrase(target: str, address: str, port: int, socket: str) -> Phrase:
    """Return the application that a target stands for, and where it was tried unless the target
    already says so."""
    place = f"unix:{socket}" if socket else socket_text(address, port) if address else ""
    if place and place not in target:
        return phrase("application {target} at {place}", target=target, place=place)
    return phrase("application {target}", target=target)


def socket_text(address: str, port: int) -> str:
    """Return address:port, with brackets around an IPv6 address."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
