"""The parts that the HTML and Markdown reports share.

Texts are not escaped here, because escaping depends on where a text is inserted.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from math import isfinite

from diagnose.checking.texts import check_text, fill
from diagnose.i18n.html import translate
from diagnose.i18n.reports import translate as label
from diagnose.model import Finding, Host, Location, Observation, Report, Step, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs.layers import Layer, layer_states
from diagnose.outputs.terminal import sanitize
from diagnose.outputs.vantages import vantage_lines

#: The texts for the places of observations.
_VANTAGE_KEYS = {
    Vantage.HERE: "here",
    Vantage.SERVER: "on-server",
    Vantage.ELSEWHERE: "elsewhere",
}

_CODE = re.compile(r"`([^`]+)`")
#: URLs that may become links. They contain nothing that ends an attribute or an autolink.
_URL = re.compile(r"(?i)https?://[^\s\"'<>`\\|]+")


@frozen(eq=False)
class ReportContext:
    """A report, its view, and the prefix of the anchors in its part of a page."""

    report: Report
    view: View
    prefix: str = ""

    @property
    def lang(self) -> str:
        return self.view.lang


def sanitize_lines(text: str) -> str:
    """Sanitize a text line by line and keep the line breaks."""
    return "\n".join(map(sanitize, text.split("\n")))


def single_line(text: str) -> str:
    """Sanitize a text and join it into one line."""
    return sanitize(" ".join(text.split()))


def code_line(text: str) -> str:
    """Sanitize a line of a file and keep its spaces."""
    return sanitize(text.expandtabs(4))


def code_spans(text: str) -> Iterator[tuple[bool, str]]:
    """Split prose into pieces; True marks a piece that was between backticks."""
    for number, piece in enumerate(_CODE.split(text)):
        if piece:
            yield bool(number % 2), piece


def safe_link(url: str) -> str | None:
    """Return the URL if it may become a link: http or https, without unexpected characters."""
    return url if _URL.fullmatch(url) and sanitize(url) == url else None


def format_time(time: datetime) -> str:
    """Format to the second, in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def format_rfc3339(time: datetime) -> str:
    """Format as RFC 3339, which HTML requires; HTML allows at most milliseconds."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def format_duration(seconds: float) -> str:
    """Format as "312 ms" or "1.4 s". Infinity and NaN become a dash."""
    if not isfinite(seconds):
        return "–"
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.1f} s"


def reported_layers(report: Report, lang: str) -> list[Layer]:
    """Return the layers that were observed, and those that should have been reached."""
    target = report.evidence.target
    expected = {"dns", "tcp", "tls", "certificate", "http"}
    if not target.uses_tls:
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
    """Return how the target was read if it was not a URL; otherwise ""."""
    target = report.evidence.target
    if target.read_as and target.input.rstrip("/") != target.url.rstrip("/"):
        return label("read-as", lang, read_as=target.read_as)
    return ""


def notes(report: Report) -> list[Finding]:
    """Return the notes that no other finding explains."""
    return [finding for finding in report.findings if finding.is_note]


def count_line(report: Report, lang: str) -> str:
    """Return the numbers of causes, symptoms and notes on one line; "" for a healthy site."""
    if not report.causes:
        return ""
    symptoms = sum(finding.is_symptom for finding in report.findings)
    numbers = {"causes": len(report.causes), "symptoms": symptoms, "notes": len(notes(report))}
    return finding_text.counts_sentence(numbers, lang)


def verification(finding: Finding, lang: str) -> str:
    """Return the filled "How to check" text of the check."""
    return fill(
        check_text(finding.check.id, lang).verify, finding_text.facts_in(finding, lang), lang
    )


def location_text(location: Location) -> str:
    return f"{location.file}:{location.line}:{location.column}"


@frozen
class ExcerptLine:
    """A line of a file: its number, and its text before, in and after the marked span."""

    number: int
    before: str
    marked: str = ""
    after: str = ""


def excerpt_lines(location: Location) -> Iterator[ExcerptLine]:
    """Yield the lines around a fault. If the marked span is empty, one space is marked."""
    for number, text in enumerate(location.excerpt, location.first):
        if number != location.line:
            yield ExcerptLine(number, text)
            continue
        begin = max(location.column - 1, 0)
        end = max(location.end_column - 1, begin + 1)
        yield ExcerptLine(number, text[:begin], text[begin:end] or " ", text[end:])


def step_groups(finding: Finding, lang: str) -> Iterator[tuple[str, list[Step]]]:
    """Group the steps of a fix, in order, by place and by the need for root."""
    grouped_steps = groupby(
        finding_text.steps(finding), lambda step: (str(step.where), finding_text.needs_root(step))
    )
    for (place, root), steps in grouped_steps:
        heading = label(place, lang) + label("as-root" if root else "as-anyone", lang)
        yield capitalized(heading), list(steps)


def capitalized(text: str) -> str:
    """Return a text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def chronological(report: Report) -> list[Observation]:
    """Return the observations by start time; those without a time come last."""
    return sorted(report.evidence.observations, key=_start_key)


def _start_key(observation: Observation) -> tuple[bool, float]:
    return (True, 0.0) if not isfinite(observation.at) else (False, observation.at)


def vantage_name(observation: Observation, lang: str) -> str:
    """Return from where something was observed."""
    return translate(_VANTAGE_KEYS[observation.vantage], lang)


def vantages(report: Report, view: View) -> list[tuple[str, str]]:
    """Return where the probes ran, and which machine was inspected."""
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
    lines = vantage_lines(report, view.lang)
    rows += [(translate("seen-side-by-side", view.lang), "; ".join(lines))] if lines else []
    return rows
