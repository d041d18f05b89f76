"""The whole diagnosis behind a probe: it says why a probe fails.

A probe is cheap and asks one question. The diagnosis asks many more, so it runs only when something
changed since the last one, when it is old, or when a probe takes long. What it said is kept until
the next one, with its age.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from diagnose.exporter.metrics import ProbeMetrics
from diagnose.exporter.probe import Probe
from diagnose.model import Report, Severity
from diagnose.model.frozen import frozen
from diagnose.pulse.expectation import Expectation, expectation

#: Maximum number of targets whose last diagnosis is kept.
MAX_TARGETS = 20_000
#: Maximum number of diagnoses at the same time; the others wait.
MAX_RUNNING = 20

#: What tells one state of a target from another: success first, then status, failure, rule,
#: certificate.
State = tuple[object, ...]
Key = tuple[str, str, str]
StartRun = Callable[[float], Coroutine[Any, Any, Report]]


@frozen
class Conclusion:
    """What a diagnosis said: its metrics, and the checks of its root causes that mean failure.
    `finished_at` is of the monotonic clock. `expected` is what pulses compare with."""

    metrics: ProbeMetrics
    causes: tuple[str, ...]
    status: str
    finished_at: float
    expected: Expectation


@dataclass(slots=True)
class _Entry:
    conclusion: Conclusion | None = None
    state: State | None = None
    running: "asyncio.Task[None] | None" = None


class Diagnoses:
    """The last diagnosis of each target. It is repeated when it is `interval` seconds old."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._slots = asyncio.Semaphore(MAX_RUNNING)

    def conclusion(self, key: Key) -> Conclusion | None:
        entry = self._entries.get(key)
        return entry.conclusion if entry else None

    def is_due(self, key: Key) -> bool:
        """Whether there is no diagnosis, or an old one."""
        conclusion = self.conclusion(key)
        return conclusion is None or time.monotonic() - conclusion.finished_at > self._interval

    def is_of_state(self, key: Key, state: State) -> bool:
        """Whether the last diagnosis was made in this state of the target."""
        entry = self._entries.get(key)
        return entry is not None and entry.conclusion is not None and entry.state == state

    def is_failing(self, key: Key) -> bool:
        """Whether the probe had failed when the last diagnosis was made."""
        entry = self._entries.get(key)
        return entry is not None and entry.state is not None and not entry.state[0]

    def is_newer(self, key: Key, started: float) -> bool:
        """Whether a diagnosis ended after this moment of the monotonic clock."""
        conclusion = self.conclusion(key)
        return conclusion is not None and conclusion.finished_at > started

    def set_state(self, key: Key, state: State) -> None:
        """Note the state of the target in which its diagnosis was made."""
        if entry := self._entries.get(key):
            entry.state = state

    def start(self, key: Key, start_run: StartRun, timeout: float) -> None:
        """Start a diagnosis unless one is running."""
        entry = self._entries.setdefault(key, _Entry())
        self._entries.move_to_end(key)
        self._forget_oldest()
        if entry.running is None or entry.running.done():
            entry.running = asyncio.create_task(self._run(entry, start_run, timeout))

    async def wait(self, key: Key, timeout: float) -> None:
        """Wait for the diagnosis that is running, if any, for so many seconds at most."""
        entry = self._entries.get(key)
        if entry is not None and entry.running is not None and timeout > 0:
            await asyncio.wait({entry.running}, timeout=timeout)

    async def close(self) -> None:
        """Cancel what is running."""
        running = [entry.running for entry in self._entries.values() if entry.running]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _forget_oldest(self) -> None:
        while len(self._entries) > MAX_TARGETS:
            _, oldest = self._entries.popitem(last=False)
            if oldest.running is not None:
                oldest.running.cancel()

    async def _run(self, entry: _Entry, start_run: StartRun, timeout: float) -> None:
        async with self._slots:
            report = await start_run(timeout)
        if not report.interrupted:
            entry.conclusion = _conclude(report)


def _conclude(report: Report) -> Conclusion:
    from diagnose.checking.verdicts import verdict
    from diagnose.outputs.prometheus import METRICS

    outcome, metrics = verdict(report), ProbeMetrics()
    for name, (help_text, _, samples) in METRICS.items():
        if name.startswith("diagnose_"):
            metrics.declare_labelled(name, help_text)
            for labels, value in samples(report):
                metrics.set(name, value, **labels)
    causes = dict.fromkeys(
        cause.check.id for cause in outcome.causes if cause.severity is Severity.ERROR
    )
    return Conclusion(
        metrics, tuple(causes), outcome.status, time.monotonic(), expectation(report.evidence)
    )


def set_metrics(metrics: ProbeMetrics, conclusion: Conclusion, probed_at: float) -> None:
    """Add what the diagnosis said, and how old it and the probe are."""
    metrics.further = conclusion.metrics
    now = time.monotonic()
    for name, help_text, since in (
        ("diagnose_pulse_age_seconds", "Age of the last probe", probed_at),
        ("diagnose_full_age_seconds", "Age of the last whole diagnosis", conclusion.finished_at),
    ):
        metrics.declare(name, help_text)
        metrics.set(name, now - since)


def set_pulse(metrics: ProbeMetrics, difference: str) -> None:
    """Add whether the pulse beside this probe was as the last whole diagnosis expects."""
    metrics.declare("diagnose_pulse", "Whether the pulse was as the last whole diagnosis")
    metrics.set("diagnose_pulse", not difference)


def set_failure_reasons(probe: Probe, conclusion: Conclusion | None) -> None:
    """Add why the probe failed: the checks of the root causes; without one, the module's own rule
    that was not met, or the kind of the failure."""
    own = probe.reason or f"probe.{(probe.failure or 'unknown').partition(':')[0]}"
    reasons = conclusion.causes if conclusion and conclusion.causes else (own,)
    probe.metrics.declare_labelled("probe_failure_info", "The root cause of a failure")
    for reason in reasons:
        probe.metrics.set("probe_failure_info", 1, reason=reason)
