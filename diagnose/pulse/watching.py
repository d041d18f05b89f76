"""A target that is watched: its last whole diagnosis, and what its pulses say since then."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from diagnose.model import Report, Target
from diagnose.model.frozen import frozen
from diagnose.net import Net
from diagnose.net.deadline import LateError
from diagnose.parsers.hostnames import is_address
from diagnose.probes import Options
from diagnose.pulse.asking import PATIENCE, take_pulse
from diagnose.pulse.expectation import Answer, Expectation, expectation

#: Why there was a whole diagnosis: it was the first, it was time, or a pulse differed.
Reason = Literal["first", "due", "difference"]

Diagnose = Callable[[Target], Awaitable[Report]]


@frozen
class Pulse:
    """A pulse. `difference` is what differs from the last whole diagnosis, "" if nothing does.
    `took` is in seconds."""

    answers: tuple[Answer, ...]
    difference: str
    took: float


@frozen
class Diagnosis:
    """A whole diagnosis, and why it was made; `difference` is that of the pulse before it."""

    report: Report
    reason: Reason
    difference: str = ""


@dataclass(slots=True)
class WatchedTarget:
    """One target. `full_interval` is how many seconds a whole diagnosis holds."""

    target: Target
    options: Options
    net: Net
    diagnose: Diagnose
    full_interval: float
    expected: Expectation = field(default_factory=Expectation)
    diagnosed_at: float | None = None
    pulses: int = 0
    clock: Callable[[], float] = field(default=time.monotonic)

    async def step(self) -> tuple[Pulse | None, Diagnosis | None]:
        """Do what is due: a pulse, or the whole diagnosis, or both if the pulse differs. A pulse
        that this machine was too busy to take is left out."""
        if self.diagnosed_at is None:
            return None, await self._diagnose("first")
        if self.clock() - self.diagnosed_at >= self.full_interval:
            return None, await self._diagnose("due")
        try:
            pulse = await self._take_pulse()
        except LateError:
            return None, None
        if pulse.difference:
            return pulse, await self._diagnose("difference", pulse.difference)
        return pulse, None

    async def _diagnose(self, reason: Reason, difference: str = "") -> Diagnosis:
        report = await self.diagnose(self.target)
        if not report.interrupted:
            self.expected, self.diagnosed_at = expectation(report.evidence), self.clock()
        return Diagnosis(report, reason, difference)

    async def _take_pulse(self) -> Pulse:
        """Ask one address; the next pulse asks the next."""
        started = self.clock()
        difference = await self._name_difference()
        addresses = self.expected.addresses
        answers: tuple[Answer, ...] = ()
        if addresses and not difference:
            address = addresses[self.pulses % len(addresses)]
            answers = await take_pulse(self.target, self.options, self.net, self.expected, address)
            difference = self.expected.difference(answers)
        self.pulses += 1
        return Pulse(answers, difference, self.clock() - started)

    async def _name_difference(self) -> str:
        """Resolve the name again. Balancers rotate their addresses: it is a difference only if
        none of them is known, or if it does not resolve any more."""
        options, known_addresses = self.options, set(self.expected.addresses)
        if options.address or options.resolver or options.by_proxy or is_address(self.target.host):
            return ""
        resolved: set[str] = set()
        for family in (options.family,) if options.family else (4, 6):
            result = await self.net.resolve(self.target.host, family, PATIENCE)
            resolved.update(result.addresses)
            if known_addresses & resolved:
                return ""
        if not resolved:
            return f"{self.target.host}: no address" if known_addresses else ""
        return f"{self.target.host}: {', '.join(sorted(resolved)[:4])}"
