"""Metrics in Prometheus' text format, for node_exporter's textfile collector.

The names are public. Those of blackbox_exporter (`probe_…`) have its meaning. Times are in seconds,
expiries in seconds since the epoch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from diagnose._version import VERSION
from diagnose.checking.verdicts import layer_statuses, verdict
from diagnose.model import Ignore, Report, Severity
from diagnose.model.view import View
from diagnose.outputs import document
from diagnose.outputs.layers import layer_states
from diagnose.outputs.measurements import earliest_expiry, page_status, phase_durations

_VERDICTS = ("ok", "warning", "critical", "unknown")
_LAYER_STATUSES = ("ok", "warning", "error", "unknown", "skipped")

#: A value with the labels that it has beside "target".
Sample = tuple[Mapping[str, str], float]


def render(report: Report, view: View) -> str:
    return render_all([(report, view)])


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    return generate_latest(registry_of(report_views)).decode()


def registry_of(report_views: Sequence[tuple[Report, View]]) -> CollectorRegistry:
    """Return the metrics of the reports, for any of the two text formats."""
    registry = CollectorRegistry()
    registry.register(_Reports([report for report, _ in report_views]))
    return registry


class _Reports(Collector):
    def __init__(self, reports: Sequence[Report]) -> None:
        self._reports = reports

    def collect(self) -> Iterable[Metric]:
        for name, (help_text, labels, samples) in METRICS.items():
            family = GaugeMetricFamily(name, help_text, labels=("target", *labels))
            for report in self._reports:
                url = document.single_line(report.evidence.target.url)
                for sample_labels, value in samples(report):
                    family.add_metric([url, *(sample_labels[label] for label in labels)], value)
            if family.samples:
                yield family
        build = GaugeMetricFamily("diagnose_build_info", "The version", labels=("version",))
        build.add_metric([VERSION], 1)
        yield build


def _success(report: Report) -> Iterator[Sample]:
    yield {}, float(verdict(report).status in {"ok", "warning"})


def _duration(report: Report) -> Iterator[Sample]:
    yield {}, report.duration


def _phases(report: Report) -> Iterator[Sample]:
    for phase, seconds in phase_durations(report.evidence).items():
        yield {"phase": phase}, seconds


def _status_code(report: Report) -> Iterator[Sample]:
    yield {}, page_status(report.evidence) or 0


def _expiry(report: Report) -> Iterator[Sample]:
    expiry = earliest_expiry(report.evidence)
    if expiry is not None:
        yield {}, expiry.timestamp()


def _failure_reasons(report: Report) -> Iterator[Sample]:
    outcome = verdict(report)
    if outcome.status in {"critical", "unknown"}:
        reasons = dict.fromkeys(cause.check.id for cause in outcome.causes) or ["unknown"]
        for reason in reasons:
            yield {"reason": reason}, 1


def _verdicts(report: Report) -> Iterator[Sample]:
    status = verdict(report).status
    for name in _VERDICTS:
        yield {"status": name}, float(name == status)


def _root_causes(report: Report) -> Iterator[Sample]:
    checks = dict.fromkeys((cause.check.id, cause.check.layer) for cause in report.causes)
    for check_id, layer in checks:
        yield {"check": check_id, "layer": layer}, 1


def _finding_counts(report: Report) -> Iterator[Sample]:
    for severity in Severity:
        count = sum(
            finding.severity is severity and finding.suppressed_by is None
            for finding in report.findings
        )
        yield {"severity": str(severity)}, count


def _suppressions(report: Report) -> Iterator[Sample]:
    ignores = dict.fromkeys(finding.suppressed_by for finding in report.suppressed)
    for ignore in ignores:
        if ignore is not None:
            yield _ignore_labels(ignore), 1


def _expired_ignores(report: Report) -> Iterator[Sample]:
    for ignore in dict.fromkeys(report.expired_ignores):
        yield _ignore_labels(ignore), 1


def _ignore_labels(ignore: Ignore) -> Mapping[str, str]:
    until = ignore.until.isoformat() if ignore.until else ""
    return {
        "check": ignore.check,
        "until": until,
        "reason": document.single_line(ignore.reason),
    }


def _layer_statuses(report: Report) -> Iterator[Sample]:
    for layer, status in layer_statuses(report):
        for name in _LAYER_STATUSES:
            yield {"layer": layer, "status": name}, float(name == status)


def _layer_durations(report: Report) -> Iterator[Sample]:
    for layer in layer_states(report, "en"):
        if layer.took is not None:
            yield {"layer": layer.name}, layer.took


#: The help text, the labels beside "target", and the samples of each metric. `diagnose serve` has
#: those of its own name too.
METRICS = {
    "probe_success": ("Whether the site works for visitors", (), _success),
    "probe_duration_seconds": ("How long the diagnosis took", (), _duration),
    "probe_http_duration_seconds": ("Duration of a request by phase", ("phase",), _phases),
    "probe_http_status_code": ("Status code of the page, 0 without response", (), _status_code),
    "probe_ssl_earliest_cert_expiry": (
        "When the first certificate of the chain expires",
        (),
        _expiry,
    ),
    "probe_failure_info": ("The root cause of a failure", ("reason",), _failure_reasons),
    "diagnose_verdict": ("The verdict", ("status",), _verdicts),
    "diagnose_root_cause_info": ("Each root cause", ("check", "layer"), _root_causes),
    "diagnose_findings": ("Number of findings", ("severity",), _finding_counts),
    "diagnose_suppressed_info": (
        "Each ignore that a finding has",
        ("check", "until", "reason"),
        _suppressions,
    ),
    "diagnose_expired_ignore_info": (
        "Each ignore that no longer applies",
        ("check", "until", "reason"),
        _expired_ignores,
    ),
    "diagnose_layer_status": ("The status of each layer", ("layer", "status"), _layer_statuses),
    "diagnose_layer_duration_seconds": (
        "The longest observation of each layer",
        ("layer",),
        _layer_durations,
    ),
}
