"""What happens, as it happens: one JSON object a line, each with its `type`."""

from collections.abc import Callable
from typing import Any

from diagnose.model import Report
from diagnose.model.events import Concluded, Crashed, Event, Seen, Sink, Started
from diagnose.model.view import View
from diagnose.outputs.json import SCHEMA_VERSION, document, observation
from diagnose.recording.codec import line, plain


def render(report: Report, view: View) -> str:
    """The last line of the stream: the report as a whole."""
    return line({"type": "report", **document(report, view)})


def sink(view: View, write: Callable[[str], None]) -> Sink:
    """Write every event the moment it happens. Several runs may share one stream: each line
    names its target."""
    target: dict[str, Any] = {}

    def passed_on(event: Event) -> None:
        if isinstance(event, Started):
            target["url"] = event.target.url
            write(_line("started", target=plain(event.target)))
        elif isinstance(event, Seen):
            seen = observation(event.observation, event.number)
            write(_line("observation", **target, observation=seen))
        elif isinstance(event, Crashed):
            write(_line("error", **target, error=plain(event.crash)))
        elif isinstance(event, Concluded):
            write(render(event.report, view))

    return passed_on


def _line(kind: str, **more: Any) -> str:
    return line({"type": kind, "schema_version": SCHEMA_VERSION, **more})
