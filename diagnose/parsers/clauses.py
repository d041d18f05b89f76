"""What the clauses of a sentence say: which part of a site fails, and under which circumstance,
while another works ("on the LAN it works, from outside it does not"). Pure, except that it reads
`clauses.toml`, once.

A person tells a fault in any order and in any of a thousand ways; what is common to them is that
a clause names a part and a failure. That is read here, behind the patterns of whole sentences.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from diagnose.model.symptom import SymptomKind
from diagnose.parsers.word_tables import word_patterns

TABLE = Path(__file__).with_suffix(".toml")

#: Hosts of a message of which the one that fails is looked for.
_MAX_NAMES = 8
#: Clauses that are looked at, from the first, and failures of one of them.
_MAX_CLAUSES, _MAX_FAILURES = 24, 4
#: Characters between a part, or a circumstance that tells a contrast by itself, and its failure.
_FARTHEST, _NEAR = 48, 28


class ClauseFault(NamedTuple):
    """What a clause says is wrong, and the clause."""

    kind: SymptomKind
    words: str


class _Contrast(NamedTuple):
    kind: SymptomKind
    works: re.Pattern[str]
    fails: re.Pattern[str]
    is_alone: bool


class _Words(NamedTuple):
    """`named` are the tables of words by their names: "between", "fails", "works" …"""

    named: Mapping[str, re.Pattern[str]]
    contrasts: tuple[_Contrast, ...]
    parts: tuple[tuple[SymptomKind, re.Pattern[str]], ...]
    last: tuple[tuple[SymptomKind, re.Pattern[str]], ...]


class _Clause(NamedTuple):
    """`rest` is the text without the words that say that nothing is wrong; `context` is what the
    clauses before it name, if they say neither that it works nor that it fails."""

    context: str
    text: str
    rest: str
    works: bool
    fails: bool


def is_foreign(words: str) -> bool:
    """Return whether words are about something else than a site: a printer, a database."""
    table = _words()
    return (
        table.named["foreign"].search(words) is not None
        and table.named["site"].search(words) is None
    )


def failing_part(words: str) -> ClauseFault | None:
    """Return the part of a site that words say fails: the one that stands next to a failure in the
    first clause that has both; None if none has."""
    return _nearest_part(words, _words().parts)


def failing_site(words: str) -> ClauseFault | None:
    """Return that a connection, or the site as a whole, fails, by a clause that names it beside a
    failure; None if none does. It says least: other readers come first."""
    return None if is_foreign(words) else _nearest_part(words, _words().last)


def _nearest_part(
    words: str, parts: tuple[tuple[SymptomKind, re.Pattern[str]], ...]
) -> ClauseFault | None:
    table = _words()
    for clause in _clauses(words):
        text = table.named["done"].sub(" ", clause.rest)
        failures = [match.span() for match in table.named["fails"].finditer(text)][:_MAX_FAILURES]
        named = (
            (_distance(part.span(), failure), order, kind)
            for order, (kind, pattern) in enumerate(parts)
            if failures and (part := pattern.search(text))
            for failure in failures
        )
        distance, _, kind = min(named, default=(_FARTHEST + 1, 0, None))
        if kind is not None and distance <= _FARTHEST:
            return ClauseFault(kind, clause.text)
    return None


def contrast(words: str, is_alone: bool = True) -> ClauseFault | None:
    """Return the circumstance under which words say that the site fails, while it works under
    another; None if they say nothing of it. `is_alone`: what works need not be said, where the
    circumstance tells it ("cannot be reached from outside")."""
    clauses = tuple(_clauses(words))
    failing = [clause.context + clause.rest for clause in clauses if clause.fails]
    working = [clause for clause in clauses if clause.works]
    for each in _words().contrasts:
        for clause in working:
            if not each.works.search(clause.context + clause.text):
                continue
            if _words().named["only"].search(clause.text):
                return ClauseFault(each.kind, clause.text)
            opposite = (
                text for text in failing if each.fails.search(text) and not each.works.search(text)
            )
            if text := next(opposite, ""):
                return ClauseFault(each.kind, text)
    return _contrast_of_clients(failing, working) or (_alone(failing) if is_alone else None)


def failing_name(words: str, names: Sequence[str]) -> str:
    """Return the only one of several hosts that a clause says fails, and none says works; "" if the
    clauses tell it of none or of several."""
    clauses = tuple(_clauses(words))

    def is_named(name: str, clause: _Clause) -> bool:
        whole = rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)"
        return re.search(whole, clause.text, re.ASCII) is not None

    failing = [
        name
        for name in names[:_MAX_NAMES]
        if any(clause.fails and is_named(name, clause) for clause in clauses)
        and not any(clause.works and is_named(name, clause) for clause in clauses)
    ]
    return failing[0] if len(failing) == 1 else ""


def works_elsewhere(words: str) -> ClauseFault | None:
    """Return that a site fails, by words that say only that something works and another does not;
    None if they say nothing of it, or of no site."""
    table, clauses = _words(), tuple(_clauses(words))
    failing = next((clause.rest for clause in clauses if clause.fails), None)
    if failing is None or not any(clause.works for clause in clauses):
        return None
    return ClauseFault("unusable", failing) if table.named["site"].search(words) else None


def _contrast_of_clients(failing: list[str], working: list[_Clause]) -> ClauseFault | None:
    """Return the client that fails where another works."""
    clients = _words().named["clients"]
    used = {name for clause in working for name in _names(clients, clause.text)}
    for text in failing:
        failed = set(_names(clients, text))
        if used and failed and not failed & used:
            return ClauseFault("some-visitors", text)
    return None


def _alone(failing: list[str]) -> ClauseFault | None:
    """Return a circumstance that tells a contrast by itself: "cannot be reached from outside"."""
    fails = _words().named["fails"]
    for each in _words().contrasts:
        for text in failing if each.is_alone else ():
            failures = [match.span() for match in fails.finditer(text)][:_MAX_FAILURES]
            named = each.fails.search(text)
            if named and min(_distance(named.span(), span) for span in failures) <= _NEAR:
                return ClauseFault(each.kind, text)
    return None


def _names(clients: re.Pattern[str], text: str) -> Iterator[str]:
    for match in clients.finditer(_words().named["same"].sub(" ", text)):
        yield match[0].lower().rstrip("s")


def _distance(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Return how many characters lie between two places in a text."""
    return max(other[0] - one[1], one[0] - other[1], 0)


def _clauses(words: str) -> Iterator[_Clause]:
    table, context = _words(), ""
    for text in table.named["between"].split(words)[:_MAX_CLAUSES]:
        if not text.strip():
            continue
        rest = table.named["none"].sub(" ", text)
        fails = table.named["fails"].search(rest) is not None
        works = not fails and table.named["works"].search(text) is not None
        yield _Clause(context, text.strip(), rest, works, fails)
        context = "" if works or fails else f"{context}{text} "


@cache
def _words() -> _Words:
    import tomllib  # few runs have a pasted message

    table = tomllib.loads(TABLE.read_text("utf-8"))
    pattern = word_patterns(table["fragments"])
    contrasts = (
        _Contrast(
            each["kind"], pattern(each["works"]), pattern(each["fails"]), each.get("alone", False)
        )
        for each in table["contrast"]
    )
    named = {name: pattern(each["words"]) for name, each in table.items() if "words" in each}
    parts, last = (
        tuple((part["kind"], pattern(part["words"])) for part in table[name])
        for name in ("part", "last")
    )
    return _Words(named, tuple(contrasts), parts, last)
