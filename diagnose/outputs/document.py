"""What a report on paper says, be it HTML or Markdown: what the two have in common.

Nothing here is escaped yet. How a text is made harmless depends on where it will stand.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from math import isfinite

from diagnose.checking.root_cause import verdict
from diagnose.checking.texts import check_text, fill
from diagnose.i18n.html import translate
from diagnose.i18n.reports import plural_text
from diagnose.i18n.reports import translate as label
from diagnose.model import Finding, Host, Location, Observation, Report, Severity, Step, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs.layers import Layer, layer_states
from diagnose.outputs.terminal import sanitize

_CODE = re.compile(r"`([^`]+)`")
#: What may become a link. Nothing in it ends an attribute or an autolink.
_URL = re.compile(r"(?i)https?://[^\s\"'<>`\\|]+")


@frozen(eq=False)
class ReportContext:
    """A report, for whom, and what the anchors of its part of a page begin with."""

    report: Report
    view: View
    prefix: str = ""

    @property
    def lang(self) -> str:
        return self.view.lang


def sanitize_lines(text: str) -> str:
    """Harmless line by line: the ends of lines stay."""
    return "\n".join(map(sanitize, text.split("\n")))


def single_line(text: str) -> str:
    """Harmless, and on one line."""
    return sanitize(" ".join(text.split()))


def code_line(text: str) -> str:
    """Harmless, its blanks kept: a line of a file."""
    return sanitize(text.expandtabs(4))


def code_spans(text: str) -> Iterator[tuple[bool, str]]:
    """Prose in pieces, and whether each stood between backticks."""
    for number, piece in enumerate(_CODE.split(text)):
        if piece:
            yield bool(number % 2), piece


def safe_link(url: str) -> str | None:
    """An address that may be a link: of the web, and nothing in it that is out of place."""
    return url if _URL.fullmatch(url) and sanitize(url) == url else None


def verdict_sentence(report: Report, lang: str) -> str:
    """The verdict's sentence; of a healthy site also how long its certificate is valid."""
    text = finding_text.verdict_sentence(report, lang)
    validity = (
        finding_text.certificate_validity(report, lang) if verdict(report).status == "ok" else ""
    )
    return text + ("" if lang == "zh" or not validity else " ") + validity


def format_time(time: datetime) -> str:
    """To the second, in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def format_rfc3339(time: datetime) -> str:
    """RFC 3339, as HTML has it: no more than milliseconds."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def format_duration(seconds: float) -> str:
    """ "312 ms", "1.4 s". What is no number is a dash."""
    if not isfinite(seconds):
        return "–"
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.1f} s"


def reported_layers(report: Report, lang: str) -> list[Layer]:
    """Every layer that was looked at, and those that should have been reached."""
    target = report.evidence.target
    expected = {"dns", "tcp", "tls", "certificate", "http"}
    if target.scheme in {"http", "ws"}:
        expected -= {"tls", "certificate"}
    if target.websockets:
        expected.add("websocket")
    return [
        layer
        for layer in layer_states(report, lang)
        if layer.status != "skipped" or layer.name in expected
        if (layer.name, layer.status) != ("host", "ok")
    ]


def target_note(report: Report, lang: str) -> str:
    """How a target was read that was no URL; else nothing."""
    target = report.evidence.target
    if target.read_as and target.input.rstrip("/") != target.url.rstrip("/"):
        return label("read-as", lang, read_as=target.read_as)
    return ""


def severity_label(finding: Finding, lang: str) -> str:
    severity = str(finding.severity)
    return label("warn" if severity == "warning" else severity, lang)


def notes(report: Report) -> list[Finding]:
    """What is worth knowing and follows from nothing else."""
    independent = [finding for finding in report.findings if finding.explained_by is None]
    return [finding for finding in independent if finding.severity is Severity.NOTE]


def count_line(report: Report, lang: str) -> str:
    """How many of what, on one line; nothing of a healthy site."""
    if not report.causes:
        return ""
    symptoms = sum(finding.explained_by is not None for finding in report.findings)
    numbers = {"causes": len(report.causes), "symptoms": symptoms, "notes": len(notes(report))}
    texts = [
        plural_text(f"count.{kind}", number, lang) for kind, number in numbers.items() if number
    ]
    return ("，" if lang == "zh" else ", ").join(texts) + ("。" if lang == "zh" else ".")


def meaning(finding: Finding, lang: str) -> str:
    """What the page of the check says of it, filled."""
    return fill(check_text(finding.check.id, lang).meaning, finding_text.facts(finding), lang)


def verification(finding: Finding, lang: str) -> str:
    """How a person sees that it is mended, filled."""
    return fill(check_text(finding.check.id, lang).verify, finding_text.facts(finding), lang)


def location_text(location: Location) -> str:
    return f"{location.file}:{location.line}:{location.column}"


@frozen
class ExcerptLine:
    """A line of a file: its number, and what stands before, in and after the marked span."""

    number: int
    before: str
    marked: str = ""
    after: str = ""


def excerpt_lines(location: Location) -> Iterator[ExcerptLine]:
    """The lines around a fault. Where the span to be marked is empty, one blank is marked."""
    for number, text in enumerate(location.excerpt, location.first):
        if number != location.line:
            yield ExcerptLine(number, text)
            continue
        begin = max(location.column - 1, 0)
        end = max(location.end_column - 1, begin + 1)
        yield ExcerptLine(number, text[:begin], text[begin:end] or " ", text[end:])


def step_groups(finding: Finding, lang: str) -> Iterator[tuple[str, list[Step]]]:
    """A remedy's steps in their order; those done at one place, by one person, together."""
    grouped_steps = groupby(
        finding_text.steps(finding), lambda step: (str(step.where), finding_text.needs_root(step))
    )
    for (place, root), steps in grouped_steps:
        heading = label(place, lang) + label("as-root" if root else "as-anyone", lang)
        yield heading[:1].upper() + heading[1:], list(steps)


def chronological(report: Report) -> list[Observation]:
    """In the order in which the looks began; what has no time comes last."""
    return sorted(report.evidence.observations, key=_start_key)


def _start_key(observation: Observation) -> tuple[bool, float]:
    return (True, 0.0) if not isfinite(observation.at) else (False, observation.at)


def vantages(report: Report, view: View) -> list[tuple[str, str]]:
    """From where it was looked at, and into which machine."""
    hosts = [host for host in report.evidence.of(Host) if host.vantage is Vantage.SERVER]
    is_local = any(host.via == "local" for host in hosts[:1])
    access = translate("with-root" if view.privileged else "without-root", view.lang)
    origin = translate(
        "inside" if is_local else "outside", view.lang, hostname=view.hostname or "–"
    )
    rows = [(translate("looked-from", view.lang), origin + access)]
    if address := finding_text.visitor_address(report):
        rows.append(
            (translate("judged", view.lang), label("judged-for", view.lang, address=address))
        )
    if hosts and not is_local:
        access = translate("with-root" if hosts[0].privileged else "without-root", view.lang)
        text = translate("through", view.lang, hostname=hosts[0].hostname, via=hosts[0].via)
        rows.append((translate("looked-inside", view.lang), text + access))
    return rows
