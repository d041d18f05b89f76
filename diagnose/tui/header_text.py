"""The texts around the findings: title, layers, log, history. No I/O."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from diagnose.checking.verdicts import Status, verdict
from diagnose.i18n import reports
from diagnose.i18n.screen import translate
from diagnose.model import Observation, Report
from diagnose.model.view import View
from diagnose.outputs.digest import digest
from diagnose.outputs.layers import Layer, layer_states
from diagnose.outputs.terminal import Page, Span, cell_len, sanitize
from diagnose.tui.tab_text import new_page, truncate

if TYPE_CHECKING:
    from diagnose.history import FingerprintChange

#: The number of changes shown at first; a dialog shows all.
MAX_CHANGES = 3

#: With room for fewer, the bars say nothing.
_MIN_BARS = 5

_SPARKS = "▁▂▃▄▅▆▇█"
_ASCII_SPARKS = "_.-=*#"


def head_line(report: Report, marks: Sequence[str], view: View, running: bool) -> str:
    """Return the first line: the URL, the marks that there is room for, the last ones first, and at
    the right end the verdict with the duration of the run."""
    page = new_page(view)
    role, status = _status_text(page, report, view.lang, running)
    duration = "" if running else f"  {report.duration:.2f} s"
    room = view.width - cell_len(status) - cell_len(duration) - 2
    url = truncate(sanitize(report.evidence.target.url), room, view.ascii)
    mark_text = _mark_text(marks, room - cell_len(url) - 3, view)
    gap = max(room - cell_len(url) - cell_len(mark_text), 0) + 2
    parts: list[tuple[str, str] | str] = [("bold", url)]
    if mark_text:
        parts += ["   ", ("dim", mark_text)]
        gap -= 3
    page.add(*parts, " " * gap, (role, status), ("dim", duration))
    return page.lines[0]


def _mark_text(marks: Sequence[str], room: int, view: View) -> str:
    """Return the marks. The first ones say what does not change, and give way."""
    shown = [mark for mark in map(sanitize, marks) if mark]
    while len(shown) > 1 and cell_len("  ".join(shown)) > room:
        del shown[0]
    return truncate("  ".join(shown), room, view.ascii) if room >= 8 else ""


def _status_text(page: Page, report: Report, lang: str, running: bool) -> tuple[Status, str]:
    if running:
        return "unknown", translate("running", lang)
    status = verdict(report).status
    return status, f"{page.sign(status)} {reports.translate(status, lang)}"


# The layers


def layer_entries(report: Report, view: View) -> list[tuple[str, str]]:
    """Return each layer's name with its lines: status, time, and examples, failures first."""
    return [
        (layer.name, _layer_lines(layer, report, view)) for layer in layer_states(report, view.lang)
    ]


def _layer_lines(layer: Layer, report: Report, view: View) -> str:
    page = new_page(view)
    name = reports.translate(f"layer.{layer.name}", view.lang)
    took = "" if layer.took is None else f"{layer.took * 1000:.0f} ms"
    role = "" if layer.status in {"ok", "skipped", "running"} else layer.status
    gap = " " * max(view.width - cell_len(name) - 2 - cell_len(took), 1)
    page.add((layer.status, page.sign(layer.status)), " ", (role, name), gap, ("dim", took))
    observations = layer_observations(report, layer.name)
    failed = [observation for observation in observations if observation.failure]
    examples = failed[:2] or observations[:1]
    for observation in examples:
        page.add(
            (
                "dim",
                "  "
                + truncate(sanitize(digest(observation, view.lang)), view.width - 2, view.ascii),
            )
        )
    if layer.reason and (layer.status == "skipped" or not failed):
        page.add(("dim", "  " + truncate(layer.reason, view.width - 2, view.ascii)))
    return "\n".join(page.lines)


def layer_observations(report: Report, layer: str) -> list[Observation]:
    """Return all observations of a layer; for "certificate" also the handshakes with a chain."""
    observations = report.evidence.observations
    if layer == "certificate":
        return [
            observation
            for observation in observations
            if type(observation).layer == layer or _certificate_chain(observation)
        ]
    return [observation for observation in observations if type(observation).layer == layer]


def _certificate_chain(observation: Observation) -> object:
    return getattr(observation, "chain", None)


# The log


def log_text(report: Report, view: View, query: str, failures_only: bool) -> str:
    """Return the observations in order. Only those that contain `query` are shown."""
    page = new_page(view)
    for observation in sorted(report.evidence.observations, key=lambda observation: observation.at):
        if failures_only and observation.failure is None:
            continue
        name = (
            reports.translate(f"layer.{type(observation).layer}", view.lang)
            if type(observation).layer
            else ""
        )
        text = sanitize(digest(observation, view.lang))
        if query not in f"{name} {text}".lower():
            continue
        start = f"{observation.at * 1000:7.0f} ms  {name}{' ' * max(11 - cell_len(name), 1)} "
        mark = ("error", page.sign("error") if observation.failure else " ")
        text = truncate(text, view.width - cell_len(start) - 2, view.ascii)
        page.add(("dim", start), mark, " ", text)
    return "\n".join(page.lines)


# History


def change_lines(
    changes: "tuple[FingerprintChange, ...]", view: View, key: str = "", limit: int = MAX_CHANGES
) -> list[str]:
    """Return what has changed since the last healthy run, one line each. `key` shows all."""
    if not changes:
        return []
    from diagnose.history import change_text as changed  # slow import

    local_now = datetime.now(UTC).astimezone()
    lines = [
        truncate(changed(change, view.lang, local_now), view.width, view.ascii)
        for change in changes[:limit]
    ]
    remaining = len(changes) - len(lines)
    return lines + (
        [translate("more", view.lang, count=remaining, key_compare=key)] if remaining else []
    )


def add_history(
    page: Page, statuses: Sequence[Status], connect_times: Sequence[float | None], lang: str
) -> None:
    """Add a sign for each of the last runs, as many as fit, and below it the time that each took to
    connect."""
    statuses, connect_times = statuses[-page.width :], connect_times[-page.width :]
    page.add(*((status, page.sign(status)) for status in statuses))
    if times := _connect_range(connect_times, lang):
        page.add(("dim", sparkline(connect_times, page.ascii)))
        page.prose(times, "", 0, "dim")


def history_line(
    statuses: Sequence[Status], connect_times: Sequence[float | None], view: View
) -> str:
    """Return the same on one line: signs, bars, and the range of times."""
    page, times = new_page(view), _connect_range(connect_times, view.lang)
    # Signs and bars are as many, with two blanks after each.
    count = (view.width - cell_len(times) - 4) // 2 if times else view.width
    if count < _MIN_BARS:
        count, times = view.width, ""
    spans: list[Span] = [(status, page.sign(status)) for status in statuses[-count:]]
    if times:
        spans.append(("dim", f"  {sparkline(connect_times[-count:], page.ascii)}  {times}"))
    page.add(*spans)
    return page.lines[0]


def _connect_range(connect_times: Sequence[float | None], lang: str) -> str:
    """Return the shortest and the longest time in words; "" if fewer than two were measured."""
    measured = [seconds for seconds in connect_times if seconds is not None]
    if len(measured) < 2:
        return ""
    fastest, slowest = (f"{extremum(measured) * 1000:.0f} ms" for extremum in (min, max))
    return translate("connects", lang, least=fastest, most=slowest)


def sparkline(values: Sequence[float | None], ascii_only: bool) -> str:
    """Draw values as bars relative to the largest; a space for None."""
    marks = _ASCII_SPARKS if ascii_only else _SPARKS
    highest = max((value for value in values if value is not None), default=0.0) or 1.0
    top = len(marks) - 1
    return "".join(
        " " if value is None else marks[round(value / highest * top)] for value in values
    )
