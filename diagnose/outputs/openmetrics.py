"""Metrics in the text format of OpenMetrics 1.0, which ends in `# EOF`: the same as in Prometheus'.

For what reads nothing else, such as the ingestion of a file by some collectors. A file that was cut
off shows, because its end is missing.
"""

from collections.abc import Sequence

from prometheus_client.openmetrics.exposition import generate_latest

from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs.prometheus import registry_of


def render(report: Report, view: View) -> str:
    return render_all([(report, view)])


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    text: bytes = generate_latest(registry_of(report_views))  # type: ignore[no-untyped-call]
    return text.decode()
