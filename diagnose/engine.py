"""Run a diagnosis: start all probes at once, in the program's only TaskGroup. A probe waits only
for the observations it needs."""

import asyncio
import importlib
import os
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from diagnose import own_server
from diagnose.checking import proof
from diagnose.checking.conclusion import conclude, import_checks
from diagnose.checking.verdicts import is_healthy_from_server
from diagnose.machine import Machine
from diagnose.model import (
    Crash,
    Evidence,
    Observation,
    Report,
    Side,
    Target,
    Unseen,
    Vantage,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.events import (
    Concluded,
    Crashed,
    Observed,
    Sink,
    Started,
    null_sink,
    report_crash,
)
from diagnose.model.tcp import SYN_MARKS, Connection
from diagnose.model.tls import Handshake
from diagnose.net import Net
from diagnose.net.deadline import LateError, run_deadline
from diagnose.net.tracked import TrackedNet
from diagnose.net.waits import watch_waits
from diagnose.probes import (
    AFTER_FAILURE,
    INSIDE,
    OUTSIDE,
    Closable,
    Options,
    Probe,
    diagnose_command,
)
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.in_container import InContainer, context_of
from diagnose.processes.signals import signal_number

if TYPE_CHECKING:
    from diagnose.machine.container import ContainerMachine
    from diagnose.probes.server_side import ServerSideRun

ObservationT = TypeVar("ObservationT", bound=Observation)


def _random_mark() -> int:
    return SYN_MARKS[os.urandom(1)[0] % len(SYN_MARKS)]


@cache
def _probes_of(module: ModuleType) -> tuple[Probe, ...]:
    """Return the probes of a module that is imported."""
    return tuple(value for value in vars(module).values() if isinstance(value, Probe))


@dataclass(slots=True)
class Run:
    """One diagnosis in progress; it is the `ProbeContext` of its probes."""

    target: Target
    options: Options
    net: Net
    sink: Sink
    tasks: asyncio.TaskGroup
    _machine: Machine | None = None
    start_time: float = field(default_factory=time.monotonic)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    observations: list[Observation] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)
    further_requests: FurtherRequests = field(default_factory=FurtherRequests)
    syn_mark: int = field(default_factory=_random_mark)
    #: The probes that wait for an observation, by its type.
    _waiting: dict[type[Observation], list[Probe]] = field(default_factory=dict)
    #: The probes that wait for another observation too, by the type of that.
    _needing: dict[type[Observation], list[Probe]] = field(default_factory=dict)
    _streams: dict[int, Closable] = field(default_factory=dict)
    is_inside: bool = False
    _failure_started: bool = False
    _server_side: "ServerSideRun | None" = None
    _container: "ContainerMachine | None" = None

    @property
    def machine(self) -> Machine:
        assert self._machine is not None, "an inside probe runs only where there is a door"
        return self._machine

    def elapsed(self) -> float:
        return time.monotonic() - self.start_time

    def emit(self, observation: ObservationT, live_stream: Closable | None = None) -> ObservationT:
        self.observations.append(observation)
        if live_stream is not None:
            self.offer_stream(observation, live_stream)
        self.sink(Observed(observation, len(self.observations)))
        if observation.failure is not None:
            self._start_failure_probes()
        for probe in self._waiting.get(type(observation), ()):
            self._start_for(probe, observation)
        for probe in self._needing.get(type(observation), ()):
            self._start_for_needed(probe, observation)
        return observation

    def _start_for(self, probe: Probe, observation: Observation) -> None:
        """Start a probe for an observation that it waits for. An outside probe is not started for
        what was observed on the server: `ServerSideRun` does that."""
        is_elsewhere = probe.side is Side.OUTSIDE and observation.vantage is not Vantage.HERE
        if probe.after is not type(observation) or is_elsewhere:
            return
        if probe.needs is None:
            self._start_probe(probe, observation)
        elif needed := self.observed(probe.needs):
            self._start_probe(probe, observation, needed[0])

    def _start_for_needed(self, probe: Probe, needed: Observation) -> None:
        """Start a probe for the earlier observations that it waits for, at the first observation
        that it needs besides."""
        if probe.after is not None and self.observed(type(needed)) == (needed,):
            for observation in self.observed(probe.after):
                self._start_probe(probe, observation, needed)

    def offer_stream(self, observation: Observation, stream: Closable) -> None:
        """Keep the open stream of an observation until a probe takes it, or the run ends."""
        self._streams[id(observation)] = stream

    def take_stream(self, observation: Observation) -> Any:
        return self._streams.pop(id(observation), None)

    def observed(self, *kinds: type[ObservationT]) -> tuple[ObservationT, ...]:
        return tuple(
            observation
            for observation in self.observations
            for kind in kinds
            if type(observation) is kind
        )

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.create_task(getattr(coroutine, "__qualname__", "probe"), coroutine)

    def evidence(self) -> Evidence:
        observations = tuple(self.observations)
        return Evidence(self.target, self.started_at, observations, self.options.scope)

    def register(self, probe: Probe) -> None:
        """Add a probe, and start it for the observations it waits for that already exist."""
        if probe.after is None:
            self._start_probe(probe)
        else:
            self._waiting.setdefault(probe.after, []).append(probe)
            if probe.needs is not None:
                self._needing.setdefault(probe.needs, []).append(probe)
            for observation in tuple(self.observations):
                self._start_for(probe, observation)

    async def load_probes(self, side: Side, modules: tuple[str, ...]) -> None:
        """Import the probe modules of one side one by one, in a thread.

        The event loop can send and receive while the next module is imported.
        """
        for name in modules:
            path = f"diagnose.probes.{side}.{name}"
            module = sys.modules.get(path)
            # Another thread may have only begun to import it.
            if module is None or getattr(module.__spec__, "_initializing", False):
                module = await asyncio.to_thread(importlib.import_module, path)
            for probe in _probes_of(module):
                self.register(probe)

    def start_probes(self) -> None:
        """Start the probes of each side that the options select. If `options.inside` is None, the
        inside probes start when this machine turns out to be the target's server."""
        if self.options.visitor:
            from diagnose.model.visitor import Visitor

            self.emit(Visitor(address=self.options.visitor))
        if self.options.inside:
            self.start_inside_probes()
        elif self.options.inside is None and self._machine is not None:
            for detector in own_server.DETECTORS:
                self.register(Probe(*detector))
            self.start(own_server.detect_by_name(self))
        if self.options.outside:
            modules = (*self.options.requested_modules, *OUTSIDE)
            self.start(self.load_probes(Side.OUTSIDE, modules))

    def start_inside_probes(self) -> None:
        """Start the inside probes; later calls do nothing."""
        if not self.is_inside and self._machine is not None:
            from diagnose.model.nginx import NginxConfig

            self.is_inside = True
            self.register(Probe("engine.checks", NginxConfig, _import_checks))
            self.start(self.load_probes(Side.INSIDE, INSIDE))
            self._start_failure_probes()

    def _start_failure_probes(self) -> None:
        """Start the inside probes that a healthy site does not need, once it is not healthy or
        `--cloud` asks for them."""
        if self.is_inside and not self._failure_started:
            self._failure_started = self.options.cloud or any(map(_is_failed, self.observations))
            if self._failure_started:
                self.start(self.load_probes(Side.INSIDE, AFTER_FAILURE))

    def for_page(self, target: Target, options: Options) -> "Run":
        """Return a run for another page of the site, with the clock and the crashes of this one."""
        machine = self._machine if self.is_inside else None
        return Run(
            target, replace(options, inside=self.is_inside), self.net, null_sink,
            asyncio.TaskGroup(), machine, self.start_time, self.started_at, crashes=self.crashes,
        )  # fmt: skip

    def for_address(self, target: Target, sink: Sink) -> "Run":
        """Return a run for another address of the same server, with the clock of this one."""
        return Run(
            target, replace(self.options, inside=self.is_inside), self.net, sink,
            asyncio.TaskGroup(), self._machine, self.start_time, self.started_at,
        )  # fmt: skip

    def close(self) -> None:
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()

    def from_server(self, address: str) -> "ServerSideRun | None":
        # Imported late: on most servers the visitors' way is open.
        from diagnose.probes.server_side import ServerSideRun

        if self._server_side is None:
            self._server_side = ServerSideRun(self)
        return self._server_side if self._server_side.register_address(address) else None

    def enter_container(self, machine: "ContainerMachine") -> InContainer:
        self._container = machine
        return InContainer(self, machine)

    def _start_probe(self, probe: Probe, *observations: Observation) -> None:
        ctx = context_of(probe, self, self._container)
        if ctx is not None:
            self.create_task(probe.name, probe.work(ctx, *observations))

    def create_task(self, name: str, work: Any) -> None:
        """Run a coroutine as a part of this run; `name` stands for it if it crashes."""
        task = self.tasks.create_task(self._guarded(name, work))
        # A coroutine cancelled before its first step would warn that it was never awaited.
        task.add_done_callback(lambda _: work.close())

    async def _guarded(self, name: str, work: Any) -> None:
        with report_crash(name, self._record_crash):
            try:
                await work
            except LateError:
                self.emit_not_observed(proof.REST_OF_RUN, proof.TOO_BUSY)

    def _record_crash(self, crash: Crash) -> None:
        """Record a crash, and emit an `Unseen`: a recording stores no crashes.

        Without the `Unseen`, a replay would look like a complete run.
        """
        self.crashes.append(crash)
        self.sink(Crashed(crash))
        self.emit_not_observed(crash.where, proof.CRASHED)

    def emit_not_observed(self, subject: str, reason: str, *extra_args: str) -> None:
        """Emit an `Unseen`; its `enable` is this run's command with `extra_args` added."""
        enable = diagnose_command(
            self.target, *self.options.rerun_args, *self.options.filter_args, *extra_args
        )
        self.emit(Unseen(at=self.elapsed(), what=subject, why=reason, enable=enable))


def _is_failed(observation: Observation) -> bool:
    """Whether an attempt from here to connect or to shake hands failed as it does for visitors."""
    is_attempt = isinstance(observation, Connection | Handshake)
    return is_attempt and observation.vantage is Vantage.HERE and observation.shows_fault


async def run(
    target: Target,
    options: Options,
    net: Net,
    sink: Sink = null_sink,
    server_machine: Machine | None = None,
) -> Report:
    """Probe a target and return the report.

    `server_machine` gives access to the server. If `options.inside` is true, the inside probes
    start at once; if it is None, they start only if the run detects that the machine is the
    target's server. At the deadline or on cancellation, the report contains what is known so far.
    """
    if options.proxy and options.proxy != "none":
        from diagnose.net.proxy import ProxiedNet

        net = ProxiedNet(net, options.proxy)
    sink(Started(target, options.scope))
    network = TrackedNet(net)
    watched, telling = watch_waits(network, options.deadline, sink)
    current_run = Run(target, options, watched, sink, asyncio.TaskGroup(), server_machine)
    try:
        with telling:
            ending = await _observe(current_run)
            if ending is None and options.bare_name_remark and _may_be_over_http(target):
                # Imported late: most names are served where they were asked.
                from diagnose.bare_names import run_at_served_address

                current_run, ending = await run_at_served_address(current_run, _observe)
            elif ending is None and options.redirect_remark and not target.uses_tls:
                # Imported late: most targets have https.
                from diagnose.redirected_addresses import run_at_redirect

                current_run, ending = await run_at_redirect(current_run, _observe)
    finally:
        network.close()
    if isinstance(ending, LateError):
        current_run.emit_not_observed(proof.REST_OF_RUN, proof.TOO_BUSY)
    elif isinstance(ending, TimeoutError):
        current_run.emit_not_observed(
            proof.REST_OF_RUN, proof.DEADLINE, "--timeout", options.longer_timeout
        )
    elif ending is not None:
        current_run.emit_not_observed(proof.REST_OF_RUN, proof.INTERRUPTED)
    crashes = tuple(current_run.crashes)
    report = conclude(current_run.evidence(), options.ignores, crashes, sink)
    if is_healthy_from_server(report) and not options.vantages:  # they saw the way
        current_run.emit(_unseen_path(current_run))
        report = replace(report, evidence=current_run.evidence())
    report = replace(
        report,
        duration=current_run.elapsed(),
        interrupted=isinstance(ending, asyncio.CancelledError),
        signal=signal_number(ending),
    )
    sink(Concluded(report))
    return report


def _may_be_over_http(target: Target) -> bool:
    """Return whether nobody said that the site has https: the name alone was typed, or the message
    is about a certificate that is not there yet."""
    is_ordered = target.symptom is not None and target.symptom.kind.startswith("acme")
    return target.is_bare_name or is_ordered


async def _observe(
    current_run: Run,
) -> TimeoutError | LateError | asyncio.CancelledError | None:
    """Run the probes until all have finished. Return what ended them earlier, if anything: the
    deadline or a cancellation."""
    try:
        async with run_deadline(current_run.options.deadline - current_run.elapsed()):
            async with current_run.tasks:
                current_run.start_probes()
            if current_run.further_requests.other_pages or current_run.target.symptom:
                # Imported late: on most sites nothing else failed.
                from diagnose.other_pages import observe_others

                await observe_others(current_run)
    except (TimeoutError, LateError, asyncio.CancelledError) as ending:
        return ending
    finally:
        current_run.close()
    return None


def _unseen_path(current_run: Run) -> Unseen:
    target = current_run.target
    return Unseen(
        at=current_run.elapsed(),
        what="the way to this server",
        why="seen from another machine only",
        # On another machine `localhost` is that machine.
        enable="" if is_local_host(target.host) else diagnose_command(target),
    )


async def _import_checks(ctx: Run, _: Observation) -> None:
    """Import the checks that will run, in a thread, while the server still answers."""
    has_message = ctx.target.symptom is not None
    await asyncio.to_thread(import_checks, tuple(ctx.observations), has_message=has_message)
