"""Writes reports: one module per output format, each a function of the report.

A writer module has `render(report, view) -> str`. Modules that write a stream of events (`jsonl`,
`progress`) have a sink. To add a format, add a file and its name in `FORMATS`.
"""

import importlib
from collections.abc import Callable

from diagnose.model import Report
from diagnose.model.view import View

FORMATS = ("text", "plain", "json", "jsonl", "markdown", "html")


def writer(name: str) -> Callable[[Report, View], str]:
    """Return the `render` function of a format."""
    render: Callable[[Report, View], str] = importlib.import_module(
        f"diagnose.outputs.{name}"
    ).render
    return render
