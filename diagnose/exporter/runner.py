"""Runs a probe: its deadline, its metrics, and the diagnosis that explains it."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from diagnose.exporter.diagnosis import Diagnoses, set_failure_reasons, set_metrics, set_pulse
from diagnose.exporter.diagnosis_target import diagnose, diagnosis_target, pulse_difference
from diagnose.exporter.probe import Probe, Prober
from diagnose.model import Target
from diagnose.net.deadline import LateError, loop_lateness

_log = logging.getLogger(__name__)

#: The part of its time after which a probe that has not ended is diagnosed beside it: whatever it
#: waits for, the reason shall come with the same answer.
LATE = 0.3
#: The part of a probe's time. If the exporter itself was too busy for so much of it, the target may
#: have answered.
TOO_LATE = 0.5
#: Seconds that the answer of a successful probe waits for the diagnosis of a new state. A failed
#: one waits for the reason as long as it can.
SUCCESS_WAIT = 1.0
#: Seconds of a diagnosis: at least, at most, and less than the answer has.
MIN_DIAGNOSIS, MAX_DIAGNOSIS, MARGIN = 2.0, 15.0, 0.3

StartDiagnosis = Callable[[], None]


@dataclass(slots=True)
class ProbeRun:
    """One probe with its deadline. `timeout` is in seconds."""

    probe: Probe
    prober: Prober
    timeout: float
    diagnoses: Diagnoses
    key: tuple[str, str, str]
    started: float = 0.0

    async def run(self) -> bool:
        """Return whether the probe succeeded; all metrics are set then."""
        metrics = self.probe.metrics
        for name, help_text in (
            ("probe_success", "Displays whether or not the probe was a success"),
            ("probe_duration_seconds",
                "Returns how long the probe took to complete in seconds"),
            ("probe_timeout_seconds", "Returns how long the probe timeout is in seconds"),
        ):  # fmt: skip
            metrics.declare(name, help_text)
        metrics.set("probe_timeout_seconds", self.timeout)
        self.started = time.monotonic()
        self.probe.deadline = asyncio.get_running_loop().time() + self.timeout
        diagnosed = diagnosis_target(self.probe)
        pulse = self._start_pulse(*diagnosed) if diagnosed else None
        try:
            success = await self._probe(partial(self._start, diagnosed) if diagnosed else None)
            ended = time.monotonic()
            metrics.set("probe_duration_seconds", ended - self.started)
            metrics.set("probe_success", success)
            self._log_end(success, ended - self.started)
            if diagnosed:
                is_changed = await self._is_changed(pulse) if success else False
                await self._diagnose(partial(self._start, diagnosed), success, ended, is_changed)
        finally:
            if pulse is not None:
                pulse.cancel()
                await asyncio.gather(pulse, return_exceptions=True)
        conclusion = self.diagnoses.conclusion(self.key)
        if not success:
            set_failure_reasons(self.probe, conclusion)
        return success

    def _log_end(self, success: bool, duration: float) -> None:
        log = self.probe.log
        write, message = (log.info, "Probe succeeded") if success else (log.error, "Probe failed")
        write(message, duration_seconds=f"{duration:g}")

    def _start_pulse(
        self, target: Target, address: str | None
    ) -> "asyncio.Task[str | None] | None":
        """Take a pulse beside the probe of a target that was well, until its diagnosis is due."""
        conclusion = self.diagnoses.conclusion(self.key)
        if conclusion is None or self.diagnoses.is_due(self.key):
            return None
        if self.diagnoses.is_failing(self.key):
            return None
        timeout = max(self._remaining() - MARGIN, 0.0)
        return asyncio.create_task(
            pulse_difference(self.probe, target, address, timeout, conclusion.expected)
        )

    async def _is_changed(self, pulse: "asyncio.Task[str | None] | None") -> bool:
        """Return whether the pulse differs from the last whole diagnosis; a successful probe waits
        a little for it."""
        if pulse is None:
            return False
        await asyncio.wait({pulse}, timeout=max(min(SUCCESS_WAIT, self._remaining() - MARGIN), 0))
        difference = pulse.result() if pulse.done() else None
        if difference is None:
            return False
        set_pulse(self.probe.metrics, difference)
        self.probe.log.info("Pulse", difference=difference or "none")
        return bool(difference)

    async def _probe(self, start_diagnosis: StartDiagnosis | None) -> bool:
        """Run the prober until it ends or its time is up."""
        task = asyncio.create_task(self._guarded_prober())
        try:
            if start_diagnosis:
                await self._start_if_due(task, start_diagnosis)
            return await task
        finally:
            # The exporter may end before the probe: its sockets are closed then.
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.probe.net.close()

    async def _start_if_due(
        self, prober_task: "asyncio.Task[bool]", start_diagnosis: StartDiagnosis
    ) -> None:
        """Start the diagnosis beside the probe if it is due, or if the probe of a target that was
        well takes long."""
        if not self.diagnoses.is_due(self.key):
            if self.diagnoses.is_failing(self.key):
                return
            await asyncio.wait({prober_task}, timeout=self.timeout * LATE)
            if prober_task.done():
                return
        start_diagnosis()

    async def _guarded_prober(self) -> bool:
        lateness = loop_lateness()
        lateness.start()
        late_before = lateness.seconds
        try:
            async with asyncio.timeout(self.timeout):
                return await self.prober(self.probe)
        except TimeoutError:
            late = lateness.seconds - late_before
            reason = "too-busy" if late >= self.timeout * TOO_LATE else "timeout"
            return self.probe.fail("Probe ended", reason, err="deadline exceeded")
        except LateError as error:
            return self.probe.fail("Probe ended", "too-busy", err=error)
        except OSError as error:
            return self.probe.fail("Probe ended", "other", err=error)
        except Exception as error:
            _log.exception("A probe of %r crashed", self.probe.module.prober)
            return self.probe.fail("Probe crashed", "crash", err=f"{type(error).__name__}: {error}")
        finally:
            lateness.stop()

    def _start(self, diagnosed: tuple[Target, str | None]) -> None:
        self.diagnoses.start(
            self.key,
            lambda timeout: diagnose(self.probe, *diagnosed, timeout),
            min(max(self._remaining() - MARGIN, MIN_DIAGNOSIS), MAX_DIAGNOSIS),
        )

    async def _diagnose(
        self, start_diagnosis: StartDiagnosis, success: bool, ended: float, is_changed: bool
    ) -> None:
        """Wait for a diagnosis of the target's present state, and add what it says."""
        probe = self.probe
        status = probe.metrics.value("probe_http_status_code")
        state = (success, status, probe.failure, probe.reason, probe.fingerprint)
        if is_changed or not self.diagnoses.is_of_state(self.key, state):
            if not self.diagnoses.is_newer(self.key, self.started):
                start_diagnosis()
            patience = self._remaining() - MARGIN
            await self.diagnoses.wait(
                self.key, min(patience, SUCCESS_WAIT) if success else patience
            )
            self.diagnoses.set_state(self.key, state)
        conclusion = self.diagnoses.conclusion(self.key)
        if conclusion is None:
            return
        set_metrics(probe.metrics, conclusion, ended)
        causes = ",".join(conclusion.causes) or "none"
        probe.log.info("Diagnosis", verdict=conclusion.status, root_causes=causes)

    def _remaining(self) -> float:
        return self.started + self.timeout - time.monotonic()
