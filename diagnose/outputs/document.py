"""What a report on paper says, be it HTML or Markdown: what the two have in common.

Nothing here is escaped yet. How a text is made harmless depends on where it will stand.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from math import isfinite

from diagnose.checking.root_cause import verdict
from diagnose.checking.texts import fill, words
from diagnose.i18n.html import say
from diagnose.i18n.reports import counted
from diagnose.i18n.reports import say as word
from diagnose.model import Finding, Host, Location, Observation, Report, Severity, Step, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs.layers import Layer, states
from diagnose.outputs.terminal import safe

_CODE = re.compile(r"`([^`]+)`")
#: What may become a link. Nothing in it ends an attribute or an autolink.
_URL = re.compile(r"(?i)https?://[^\s\"'<>`\\|]+")


@frozen(eq=False)
class Told:
    """A report, for whom, and what the anchors of its part of a page begin with."""

    report: Report
    view: View
    prefix: str = ""

    @property
    def lang(self) -> str:
        return self.view.lang


def clean(text: str) -> str:
    """Harmless line by line: the ends of lines stay."""
    return "\n".join(map(safe, text.split("\n")))


def line(text: str) -> str:
    """Harmless, and on one line."""
    return safe(" ".join(text.split()))


def line_of(text: str) -> str:
    """Harmless, its blanks kept: a line of a file."""
    return safe(text.expandtabs(4))


def spans(text: str) -> Iterator[tuple[bool, str]]:
    """Prose in pieces, and whether each stood between backticks."""
    for number, piece in enumerate(_CODE.split(text)):
        if piece:
            yield bool(number % 2), piece


def link(url: str) -> str | None:
    """An address that may be a link: of the web, and nothing in it that is out of place."""
    return url if _URL.fullmatch(url) and safe(url) == url else None


def sentence(report: Report, lang: str) -> str:
    """The verdict's sentence; of a healthy site also how long its certificate is valid."""
    text = finding_text.sentence(report, lang)
    valid = finding_text.validity(report, lang) if verdict(report).status == "ok" else ""
    return text + ("" if lang == "zh" or not valid else " ") + valid


def moment(at: datetime) -> str:
    """To the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def stamp(at: datetime) -> str:
    """RFC 3339, as HTML has it: no more than milliseconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def duration(seconds: float) -> str:
    """ "312 ms", "1.4 s". What is no number is a dash."""
    if not isfinite(seconds):
        return "–"
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.1f} s"


def layers(report: Report, lang: str) -> list[Layer]:
    """Every layer that was looked at, and those that should have been reached."""
    target = report.evidence.target
    expected = {"dns", "tcp", "tls", "certificate", "http"}
    if target.scheme in {"http", "ws"}:
        expected -= {"tls", "certificate"}
    if target.websockets:
        expected.add("websocket")
    return [
        layer
        for layer in states(report, lang)
        if layer.status != "skipped" or layer.name in expected
        if (layer.name, layer.status) != ("host", "ok")
    ]


def read_as(report: Report, lang: str) -> str:
    """How a target was read that was no URL; else nothing."""
    target = report.evidence.target
    if target.read_as and target.input.rstrip("/") != target.url.rstrip("/"):
        return word("read-as", lang, read_as=target.read_as)
    return ""


def severity(found: Finding, lang: str) -> str:
    own = str(found.severity)
    return word("warn" if own == "warning" else own, lang)


def notes(report: Report) -> list[Finding]:
    """What is worth knowing and follows from nothing else."""
    alone = [one for one in report.findings if one.explained_by is None]
    return [one for one in alone if one.severity is Severity.NOTE]


def counts(report: Report, lang: str) -> str:
    """How many of what, on one line; nothing of a healthy site."""
    if not report.causes:
        return ""
    symptoms = sum(one.explained_by is not None for one in report.findings)
    numbers = {"causes": len(report.causes), "symptoms": symptoms, "notes": len(notes(report))}
    told = [counted(f"count.{of}", number, lang) for of, number in numbers.items() if number]
    return ("，" if lang == "zh" else ", ").join(told) + ("。" if lang == "zh" else ".")


def meaning(found: Finding, lang: str) -> str:
    """What the page of the check says of it, filled."""
    return fill(words(found.check.id, lang).meaning, finding_text.facts(found), lang)


def how_to_check(found: Finding, lang: str) -> str:
    """How a person sees that it is mended, filled."""
    return fill(words(found.check.id, lang).verify, finding_text.facts(found), lang)


def place(location: Location) -> str:
    return f"{location.file}:{location.line}:{location.column}"


@frozen
class Line:
    """A line of a file: its number, and what stands before, in and after the marked span."""

    number: int
    before: str
    marked: str = ""
    after: str = ""


def excerpt(location: Location) -> Iterator[Line]:
    """The lines around a fault. Where the span to be marked is empty, one blank is marked."""
    for number, text in enumerate(location.excerpt, location.first):
        if number != location.line:
            yield Line(number, text)
            continue
        begin = max(location.column - 1, 0)
        end = max(location.end_column - 1, begin + 1)
        yield Line(number, text[:begin], text[begin:end] or " ", text[end:])


def groups(found: Finding, lang: str) -> Iterator[tuple[str, list[Step]]]:
    """A remedy's steps in their order; those done at one place, by one person, together."""
    every = groupby(
        finding_text.steps(found), lambda step: (str(step.where), finding_text.root(step))
    )
    for (where, root), steps in every:
        text = word(where, lang) + word("as-root" if root else "as-anyone", lang)
        yield text[:1].upper() + text[1:], list(steps)


def timeline(report: Report) -> list[Observation]:
    """In the order in which the looks began; what has no time comes last."""
    return sorted(report.evidence.observations, key=_began)


def _began(seen: Observation) -> tuple[bool, float]:
    return (True, 0.0) if not isfinite(seen.at) else (False, seen.at)


def vantages(report: Report, view: View) -> list[tuple[str, str]]:
    """From where it was looked at, and into which machine."""
    hosts = [one for one in report.evidence.of(Host) if one.vantage is Vantage.SERVER]
    here = any(one.via == "local" for one in hosts[:1])
    root = say("with-root" if view.privileged else "without-root", view.lang)
    own = say("inside" if here else "outside", view.lang, hostname=view.hostname or "–")
    told = [(say("looked-from", view.lang), own + root)]
    if address := finding_text.visitor(report):
        told.append((say("judged", view.lang), word("judged-for", view.lang, address=address)))
    if hosts and not here:
        root = say("with-root" if hosts[0].privileged else "without-root", view.lang)
        text = say("through", view.lang, hostname=hosts[0].hostname, via=hosts[0].via)
        told.append((say("looked-inside", view.lang), text + root))
    return told
