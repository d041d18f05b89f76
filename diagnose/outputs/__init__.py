"""What a run ends in, written down: one writer a file, each a function of the report.

A writer module has `render(report, view) -> str`. Where a stream of events is written instead
(`jsonl`, `progress`) it is a sink. A new format is a new file and its name in `FORMATS`.
"""

import importlib
from collections.abc import Callable

from diagnose.model import Report
from diagnose.model.view import View

FORMATS = ("text", "plain", "json", "jsonl", "markdown", "html")


def writer(name: str) -> Callable[[Report, View], str]:
    """The function that writes a report in a format."""
    render: Callable[[Report, View], str] = importlib.import_module(
        f"diagnose.outputs.{name}"
    ).render
    return render
