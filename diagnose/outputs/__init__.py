"""What a run ends in, written down: one writer a file, each a function of the report.

A writer module has `render(report, view) -> str`. Where a stream of events is written instead
(`jsonl`, `progress`) it is a sink. A new format is a new file and its name in `FORMATS`.
"""

import importlib
from collections.abc import Callable

from diagnose.frozen import frozen
from diagnose.model import Report

FORMATS = ("text", "plain", "json", "jsonl", "markdown", "html")


@frozen
class View:
    """For whom it is written, and how the run was asked for.

    `width` is in cells; `verbosity` -1 for the verdict alone, 1 with all evidence, 2 with the
    timeline; `again` the options that make the same run once more.
    """

    lang: str = "en"
    width: int = 80
    color: bool = False
    ascii: bool = False
    verbosity: int = 0
    hostname: str = ""
    privileged: bool = False
    again: tuple[str, ...] = ()


def writer(name: str) -> Callable[[Report, View], str]:
    """The function that writes a report in a format."""
    render: Callable[[Report, View], str] = importlib.import_module(
        f"diagnose.outputs.{name}"
    ).render
    return render
