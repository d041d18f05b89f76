"""The texts around the findings: what is being looked at, the layers, the log, what there was
before. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from diagnose.checking.root_cause import Status
from diagnose.i18n import reports
from diagnose.i18n.screen import say
from diagnose.model import Observation, Report
from diagnose.model.view import View
from diagnose.outputs.digest import digest
from diagnose.outputs.layers import Layer, states
from diagnose.outputs.terminal import Page, cells, safe
from diagnose.tui.tab_text import cut, page

if TYPE_CHECKING:
    from diagnose.history import Change

#: Changes are told three at a time; all of them when they are asked for.
NEWS = 3

_SPARKS = "▁▂▃▄▅▆▇█"
_ASCII_SPARKS = "_.-=*#"


def title(url: str, marks: Sequence[str], view: View) -> str:
    """What is looked at, and how; the marks give way to the URL."""
    made = page(view)
    url = cut(safe(url), view.width, view.ascii)
    room = view.width - cells(url) - 3
    said = "  ".join(filter(None, map(safe, marks)))
    said = cut(said, room, view.ascii) if room >= 8 else ""
    gap = " " * max(view.width - cells(url) - cells(said), 1)
    made.add(("bold", url), gap, ("dim", said))
    return made.lines[0]


# The layers


def layers(report: Report, view: View) -> list[tuple[str, str]]:
    """Each layer's name, and its lines: state, time, and what was seen of it, failures first."""
    return [(layer.name, _layer(layer, report, view)) for layer in states(report, view.lang)]


def _layer(layer: Layer, report: Report, view: View) -> str:
    made = page(view)
    name = reports.say(f"layer.{layer.name}", view.lang)
    took = "" if layer.took is None else f"{layer.took * 1000:.0f} ms"
    role = "" if layer.status in {"ok", "skipped", "running"} else layer.status
    gap = " " * max(view.width - cells(name) - 2 - cells(took), 1)
    made.add((layer.status, made.sign(layer.status)), " ", (role, name), gap, ("dim", took))
    of_it = seen_of(report, layer.name)
    failed = [one for one in of_it if one.failure]
    told = failed[:2] or of_it[:1]
    for one in told:
        made.add(("dim", "  " + cut(safe(digest(one)), view.width - 2, view.ascii)))
    if layer.reason and (layer.status == "skipped" or not failed):
        made.add(("dim", "  " + cut(layer.reason, view.width - 2, view.ascii)))
    return "\n".join(made.lines)


def seen_of(report: Report, layer: str) -> list[Observation]:
    """All that was seen of a layer; of certificates, the handshakes that brought them."""
    every = report.evidence.observations
    if layer == "certificate":
        return [one for one in every if type(one).layer == layer or _chain(one)]
    return [one for one in every if type(one).layer == layer]


def _chain(seen: Observation) -> object:
    return getattr(seen, "chain", None)


# The log


def log(report: Report, view: View, asked: str, failures: bool) -> str:
    """What was seen, in its order; only what holds `asked` if that is not empty."""
    made = page(view)
    for one in sorted(report.evidence.observations, key=lambda seen: seen.at):
        if failures and one.failure is None:
            continue
        name = reports.say(f"layer.{type(one).layer}", view.lang) if type(one).layer else ""
        said = safe(digest(one))
        if asked not in f"{name} {said}".lower():
            continue
        start = f"{one.at * 1000:7.0f} ms  {name}{' ' * max(11 - cells(name), 1)} "
        mark = ("error", made.sign("error") if one.failure else " ")
        said = cut(said, view.width - cells(start) - 2, view.ascii)
        made.add(("dim", start), mark, " ", said)
    return "\n".join(made.lines)


# What there was before


def news(changes: "tuple[Change, ...]", view: View, most: int = NEWS) -> list[str]:
    """What has changed since all was well, a line each."""
    if not changes:
        return []
    from diagnose.history import say as changed  # it knows a great many kinds

    now = datetime.now(UTC).astimezone()
    told = [cut(changed(one, view.lang, now), view.width, view.ascii) for one in changes[:most]]
    left = len(changes) - len(told)
    return told + ([say("more", view.lang, count=left)] if left else [])


def past(made: Page, verdicts: Sequence[Status], waits: Sequence[float | None], lang: str) -> None:
    """A sign for each run, and below it how long each took to connect."""
    made.add(*((one, made.sign(one)) for one in verdicts))
    known = [one for one in waits if one is not None]
    if len(known) > 1:
        made.add(("dim", sparks(waits, made.ascii)))
        least, most = (f"{one(known) * 1000:.0f} ms" for one in (min, max))
        made.prose(say("connects", lang, least=least, most=most), "", 0, "dim")


def sparks(values: Sequence[float | None], plain: bool) -> str:
    """Values as heights, the largest the highest; a blank for what is not known."""
    marks = _ASCII_SPARKS if plain else _SPARKS
    most = max((one for one in values if one is not None), default=0.0) or 1.0
    top = len(marks) - 1
    return "".join(" " if one is None else marks[round(one / most * top)] for one in values)
