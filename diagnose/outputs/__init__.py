"""Writes reports: one module per output format, each a function of the report.

A writer module has `render(report, view) -> str`. One whose reports stand in one document has
`render_all(report_views) -> str` as well. Modules that write a stream of events (`jsonl`,
`progress`) have a sink. To add a format, add a file and its name in `FORMATS`.
"""

import importlib
from collections.abc import Callable, Sequence
from types import ModuleType

from diagnose.model import Report
from diagnose.model.view import View

FORMATS = (
    "text", "plain", "json", "jsonl", "markdown", "html", "nagios", "prometheus",
    "openmetrics", "junit", "github", "sarif", "tap", "zabbix", "zabbix-lld",
)  # fmt: skip


def writer(name: str) -> Callable[[Report, View], str]:
    """Return the `render` function of a format."""
    render: Callable[[Report, View], str] = _module(name).render
    return render


def document_writer(name: str) -> Callable[[Sequence[tuple[Report, View]]], str] | None:
    """Return the function that writes all reports as one document; None if the format writes them
    one after another."""
    return getattr(_module(name), "render_all", None)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"diagnose.outputs.{name.replace('-', '_')}")
