"""Events as they happen: one JSON object per line, each with a `type`."""

from collections.abc import Callable
from typing import Any

from diagnose.model import Report
from diagnose.model.events import Concluded, Crashed, Event, Observed, Sink, Started
from diagnose.model.view import View
from diagnose.outputs.json import (
    SCHEMA_VERSION,
    document,
    observation_object,
    target_object,
)
from diagnose.recording.codec import json_line, to_builtins


def render(report: Report, view: View) -> str:
    """Render the last line of the stream: the complete report."""
    return json_line({"type": "report", **document(report, view)})


def render_stream(report: Report, view: View) -> str:
    """Render the whole stream of a run that has ended."""
    lines: list[str] = []
    receive = sink(view, lines.append)
    receive(Started(report.evidence.target, report.evidence.scope))
    for number, observation in enumerate(report.evidence.observations, 1):
        receive(Observed(observation, number))
    for crash in report.crashes:
        receive(Crashed(crash))
    receive(Concluded(report))
    return "".join(lines)


def sink(view: View, write: Callable[[str], None]) -> Sink:
    """Return a sink that writes every event immediately. Several runs may share a stream: each line
    names its target."""
    target: dict[str, Any] = {}

    def receive(event: Event) -> None:
        if isinstance(event, Started):
            target["url"] = event.target.url
            write(_line("started", target=target_object(event.target)))
        elif isinstance(event, Observed):
            record = observation_object(event.observation, event.number)
            write(_line("observation", **target, observation=record))
        elif isinstance(event, Crashed):
            write(_line("error", **target, error=to_builtins(event.crash)))
        elif isinstance(event, Concluded):
            write(render(event.report, view))

    return receive


def _line(kind: str, **fields: Any) -> str:
    return json_line({"type": kind, "schema_version": SCHEMA_VERSION, **fields})
