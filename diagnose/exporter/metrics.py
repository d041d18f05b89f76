"""The metrics of one probe, in the order of their names, as blackbox_exporter writes them.

A metric is there from its declaration, with the value 0; one with labels from its first value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

#: Maximum characters of the value of a label.
MAX_LABEL = 2000

Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Gauge:
    help_text: str
    samples: dict[Labels, float] = field(default_factory=dict)


class ProbeMetrics(Collector):
    """The metrics that the answer to one /probe holds."""

    def __init__(self) -> None:
        self._gauges: dict[str, _Gauge] = {}
        #: Metrics that do not change any more and are shown too, such as those of a diagnosis.
        self.further: ProbeMetrics | None = None

    @cached_property
    def text(self) -> bytes:
        """The text format, made once: only of metrics that do not change any more."""
        return generate_latest(_registry(self))

    def declare(self, name: str, help_text: str) -> None:
        """Add a metric without labels; it is 0 until it is set."""
        self._gauges.setdefault(name, _Gauge(help_text, {(): 0.0}))

    def declare_labelled(self, name: str, help_text: str) -> None:
        """Add a metric with labels; it is absent until it has a value."""
        self._gauges.setdefault(name, _Gauge(help_text))

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a declared metric."""
        self._gauges[name].samples[_labels(labels)] = float(value)

    def add(self, name: str, value: float, **labels: str) -> None:
        """Add to a declared metric."""
        samples = self._gauges[name].samples
        samples[_labels(labels)] = samples.get(_labels(labels), 0.0) + float(value)

    def value(self, name: str, **labels: str) -> float | None:
        """Return a value, None if the metric is absent."""
        gauge = self._gauges.get(name)
        return gauge.samples.get(_labels(labels)) if gauge else None

    def collect(self) -> Iterable[Metric]:
        for name, gauge in sorted(self._gauges.items()):
            samples = sorted(gauge.samples.items())
            if samples:
                names = [label for label, _ in samples[0][0]]
                family = GaugeMetricFamily(name, gauge.help_text, labels=names)
                for labels, value in samples:
                    family.add_metric([text for _, text in labels], value)
                yield family


def _labels(labels: Mapping[str, str]) -> Labels:
    return tuple((name, text[:MAX_LABEL]) for name, text in labels.items())


def _registry(*collectors: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return registry


def exposition(collector: Collector, accept: str = "") -> tuple[bytes, str]:
    """Return the metrics and their media type: Prometheus' text format, or OpenMetrics if the
    request accepts it."""
    encode, media_type = choose_encoder(accept)
    more_metrics = collector.further if isinstance(collector, ProbeMetrics) else None
    if more_metrics is None:
        return encode(_registry(collector)), media_type
    if media_type.startswith("text/plain"):
        return encode(_registry(collector)) + more_metrics.text, media_type
    return encode(_registry(collector, more_metrics)), media_type
