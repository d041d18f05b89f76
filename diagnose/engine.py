"""A run: everything that can start, starts at once, and nothing waits for what it does not need.

Holds the one TaskGroup of the program.
"""

import asyncio
import contextlib
import importlib
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from diagnose.checking import proof
from diagnose.checking.registry import awake, one
from diagnose.checking.root_cause import claims, findings, verdict
from diagnose.machine import Machine, ThroughServer
from diagnose.model import (
    Check,
    Crash,
    Evidence,
    Host,
    Observation,
    Report,
    Target,
    Unseen,
    Vantage,
)
from diagnose.model.dns import Resolution
from diagnose.model.events import Concluded, Crashed, Seen, Sink, Started, forgiven, nowhere
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net import Net
from diagnose.probes import INSIDE, MAX_TIMEOUT, OUTSIDE, WITHIN, Closable, Options, Probe, command

Kind = TypeVar("Kind", bound=Observation)


@dataclass(slots=True)
class Run:
    """One run under way: what probes are given as their `Look`."""

    target: Target
    options: Options
    net: Net
    sink: Sink
    tasks: asyncio.TaskGroup
    door: Machine | None = None
    begun: float = field(default_factory=time.monotonic)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    observations: list[Observation] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)
    _probes: list[Probe] = field(default_factory=list)
    _live: dict[int, Closable] = field(default_factory=dict)
    _inside: bool = False
    _within: "Within | None" = None

    @property
    def machine(self) -> Machine:
        assert self.door is not None, "an inside probe runs only where there is a door"
        return self.door

    def now(self) -> float:
        return time.monotonic() - self.begun

    def see(self, observation: Kind, live: Closable | None = None) -> Kind:
        self.observations.append(observation)
        if live is not None:
            self._live[id(observation)] = live
        self.sink(Seen(observation, len(self.observations)))
        for probe in self._probes:
            if probe.after is type(observation) and self._hears(probe, observation):
                self._begin(probe, observation)
        return observation

    def _hears(self, probe: Probe, observation: Observation) -> bool:
        """What was seen from within the server is the affair of the probes that look from there."""
        outside = probe.name.startswith("outside.")
        return not outside or observation.vantage is Vantage.HERE

    def take(self, observation: Observation) -> Any:
        return self._live.pop(id(observation), None)

    def seen(self, kind: type[Kind]) -> tuple[Kind, ...]:
        return tuple(one for one in self.observations if type(one) is kind)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self._task(getattr(work, "__qualname__", "probe"), work)

    def evidence(self) -> Evidence:
        seen = tuple(self.observations)
        return Evidence(self.target, self.started_at, seen, self.options.scope)

    def register(self, probe: Probe) -> None:
        """A probe joins the run; what it waits for and was already seen, it is given now."""
        self._probes.append(probe)
        if probe.after is None:
            self._begin(probe)
        else:
            for observation in tuple(self.observations):
                if type(observation) is probe.after:
                    self._begin(probe, observation)

    async def load(self, package: str, modules: tuple[str, ...]) -> None:
        """Import the probes of a package one after another, in a thread, so that packets fly
        and answers are taken while the next module is read."""
        for name in modules:
            path = f"diagnose.probes.{package}.{name}"
            module = await asyncio.to_thread(importlib.import_module, path)
            for value in list(vars(module).values()):
                if isinstance(value, Probe):
                    self.register(value)

    def look_inside(self) -> None:
        """Begin to look into the server, once."""
        if not self._inside and self.door is not None:
            from diagnose.model.nginx import NginxConfig

            self._inside = True
            self.register(Probe("engine.checks", NginxConfig, _read_checks))
            self.start(self.load("inside", INSIDE))

    def close(self) -> None:
        for live in self._live.values():
            live.close()
        self._live.clear()

    def within(self, address: str) -> "Within | None":
        if self._within is None:
            self._within = Within(self)
        return self._within if self._within.begins(address) else None

    def _begin(self, probe: Probe, *given: Observation) -> None:
        self._task(probe.name, probe.work(self, *given))

    def _task(self, name: str, work: Any) -> None:
        task = self.tasks.create_task(self._guarded(name, work))
        # What is cancelled before it began would complain that nobody awaited it.
        task.add_done_callback(lambda _: work.close())

    async def _guarded(self, name: str, work: Any) -> None:
        with forgiven(name, self._crashed):
            await work

    def _crashed(self, crash: Crash) -> None:
        """A recording has no place for a crash, and must not pass for a whole run."""
        self.crashes.append(crash)
        self.sink(Crashed(crash))
        self.unseen(crash.where, proof.CRASHED)

    def unseen(self, what: str, why: str, *more: str) -> None:
        """What this run could not look at; another one may, with these further words."""
        enable = command(self.target, *self.options.again, *self.options.limits, *more)
        self.see(Unseen(at=self.now(), what=what, why=why, enable=enable))


class Within:
    """The same run, as it looks from within the server: its connections are made there, and what
    it sees has that vantage. The probes of the outside are at work in it once more."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.target, self.options = run.target, run.options
        self.net: Net = ThroughServer(run.net, run.machine)
        self.machine, self.now, self.take, self.start = run.machine, run.now, run.take, run.start
        self._begun: set[str] = set()
        self._own: list[Observation] = []
        self._probes = [
            value
            for name in WITHIN
            for value in vars(importlib.import_module(f"diagnose.probes.outside.{name}")).values()
            if isinstance(value, Probe) and value.after is not None
        ]

    def begins(self, address: str) -> bool:
        new = address not in self._begun
        self._begun.add(address)
        return new

    def see(self, observation: Kind, live: Closable | None = None) -> Kind:
        seen = replace(observation, vantage=Vantage.SERVER)
        self._own.append(seen)
        # That a connection can be made from within says nothing of visitors, and over SSH silence
        # may mean that it never was: both are kept from the evidence.
        if type(seen) is Connection or _is_silence(seen):
            self.run._live |= {id(seen): live} if live else {}
        else:
            self.run.see(seen, live)
        for probe in self._probes:
            if probe.after is type(seen):
                self.run._task(probe.name, probe.work(self, seen))
        return seen

    def seen(self, kind: type[Kind]) -> tuple[Kind, ...]:
        return tuple(one for one in self._own if type(one) is kind)

    def within(self, address: str) -> "Within | None":
        return None


def _is_silence(seen: Observation) -> bool:
    return isinstance(seen, Handshake) and seen.failure is not None and not seen.bytes_received


async def run(
    target: Target,
    options: Options,
    net: Net,
    sink: Sink = nowhere,
    door: Machine | None = None,
) -> Report:
    """Look at a target and conclude.

    `door` leads to the server. With `options.inside` it is gone through at once; where that is
    None, only if the run notices that the door's machine is the target's server. Ends by the
    deadline, and on cancellation, with what is known by then.
    """
    if options.proxy and options.proxy != "none":
        from diagnose.net.proxy import ThroughProxy

        net = ThroughProxy(net, options.proxy)
    sink(Started(target, options.scope))
    late, interruption = False, None
    looking: Run | None = None
    try:
        async with asyncio.timeout(options.timeout), asyncio.TaskGroup() as tasks:
            looking = Run(target, options, net, sink, tasks, door)
            if options.visitor:
                looking.see(_visitor(options.visitor))
            if options.inside:
                looking.look_inside()
            elif options.inside is None and door is not None:
                looking.register(Probe("engine.address", Resolution, _notice_address))
                looking.start(_notice_name(looking))
            if options.outside:
                looking.start(looking.load("outside", OUTSIDE))
    except TimeoutError:
        late = True
    except asyncio.CancelledError as cancelled:
        interruption = cancelled
    finally:
        if looking is not None:
            looking.close()
    assert looking is not None
    if late:
        looking.unseen(proof.REST, proof.DEADLINE, "--timeout", longer_timeout(options.timeout))
    if interruption is not None:
        looking.unseen(proof.REST, proof.INTERRUPTED)
    report = conclude(looking.evidence(), options, tuple(looking.crashes), sink)
    if _is_well_from_within(report):
        more = command(target)
        looking.see(
            Unseen(
                at=looking.now(),
                what="the way to this server",
                why="seen from another machine only",
                enable=more,
            )
        )
        report = replace(report, evidence=looking.evidence())
    report = replace(
        report,
        duration=looking.now(),
        interrupted=interruption is not None,
        signal=_signal(interruption),
    )
    sink(Concluded(report))
    return report


def _visitor(address: str) -> Observation:
    from diagnose.model.visitor import Visitor

    return Visitor(address=address)


def _is_well_from_within(report: Report) -> bool:
    """Nothing is wrong, as far as the server itself can see. What lies before it, such as a cloud's
    security group, shows only to who comes from elsewhere."""
    hosts = report.evidence.of(Host)
    here = any(host.vantage is Vantage.SERVER and host.via == "local" for host in hosts)
    inside_only = not report.evidence.scope.outside
    return verdict(report).status == "ok" and (here or inside_only)


def longer_timeout(timeout: float) -> str:
    """The seconds of a run that may come to its end."""
    return f"{min(max(30.0, 2 * timeout), MAX_TIMEOUT):g}"


def _signal(interruption: asyncio.CancelledError | None) -> int:
    """The signal for which a run was cancelled (`diagnose.processes.signals`), 0 for none."""
    number = interruption.args[0] if interruption and interruption.args else 0
    return number if isinstance(number, int) else 0


def conclude(
    evidence: Evidence,
    options: Options = Options(),
    crashes: tuple[Crash, ...] = (),
    sink: Sink = nowhere,
) -> Report:
    """What evidence means, by today's checks. This is also all of replay."""
    ours = list(crashes)

    def crashed(crash: Crash) -> None:
        ours.append(crash)
        sink(Crashed(crash))

    checks: list[Check] = []
    for check_id in awake({type(seen).__name__ for seen in evidence.observations}):
        with forgiven(check_id, crashed):
            checks.append(one(check_id))
    raised = claims(checks, evidence, crashed)
    wanted = [(check, claim) for check, claim in raised if options.wants(check.layer)]
    return Report(evidence, findings(wanted), tuple(ours))


async def _read_checks(look: Run, _: Observation) -> None:
    """Import the checks that will be asked, in a thread, while the server still answers."""

    def read() -> None:
        for check_id in awake({type(seen).__name__ for seen in look.observations}):
            # One that cannot be imported is a crash when its turn comes.
            with contextlib.suppress(Exception):
                one(check_id)

    await asyncio.to_thread(read)


async def _notice_address(look: Run, seen: Resolution) -> None:
    """The target's address is this machine's own: we are on the server."""
    if any(look.net.is_mine(address) for address in seen.addresses):
        look.look_inside()


async def _notice_name(look: Run) -> None:
    """The target's name is one that this machine's nginx serves: we are on the server."""
    from diagnose.probes.inside.server_detection import serves

    if await serves(look.machine, look.target.host):
        look.look_inside()
