"""The start page: the endpoints and the latest probes."""

from collections.abc import Sequence
from html import escape

from diagnose.exporter.history import Result
from diagnose.parsers.sanitize import clean

_PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>diagnose serve</title></head>
<body>
<h1>diagnose serve</h1>
<p><a href="metrics">Metrics</a></p>
<p><a href="config">Configuration</a></p>
<h2>Recent Probes</h2>
<table>
<tr><th>Module</th><th>Target</th><th>Result</th><th>Debug</th></tr>
{rows}
</table>
</body>
</html>
"""


def index_page(results: Sequence[Result]) -> str:
    """Return the page; the latest result comes first."""
    return _PAGE.format(rows="\n".join(_row(result) for result in reversed(results)))


def _row(result: Result) -> str:
    outcome = "Success" if result.success else "<strong>Failure</strong>"
    cells = (escape(clean(result.module)), escape(clean(result.target)), outcome,
        f'<a href="logs?id={result.id}">Logs</a>')  # fmt: skip
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
