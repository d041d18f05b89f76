"""The targets as a document of Zabbix' low-level discovery: an item prototype for each, such as
diagnose[{#TARGET}], runs `diagnose --format zabbix "{#TARGET}"`.

Nothing is diagnosed for it: the targets are those of the command line, with the groups of the
configuration (`diagnose --format zabbix-lld @shop`). Source: Zabbix' documentation, "Low-level
discovery": an array of objects, whose keys are macros.
"""

import json
from collections.abc import Iterable, Sequence

from diagnose.model import Report, Target
from diagnose.model.view import View
from diagnose.outputs import document
from diagnose.recording.codec import escape_json


def render(report: Report, view: View) -> str:
    return render_targets([report.evidence.target])


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    return render_targets(report.evidence.target for report, _ in report_views)


def render_targets(targets: Iterable[Target]) -> str:
    """Return the document. A target that is named twice stands in it once."""
    macros = {target.url: _macros(target) for target in targets}
    return escape_json(json.dumps(list(macros.values()), ensure_ascii=False)) + "\n"


def _macros(target: Target) -> dict[str, str]:
    return {
        "{#TARGET}": document.single_line(target.url),
        "{#SCHEME}": target.scheme,
        "{#HOST}": document.single_line(target.host),
        "{#PORT}": str(target.port),
        "{#PATH}": document.single_line(target.path),
    }
