"""Runs of a process that makes many: fair to each address and name server, and never a verdict that
rests on our own lateness."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from diagnose.checking.verdicts import verdict
from diagnose.fleet.fair_net import PER_ADDRESS, PER_NAME_SERVER, FairNet, Turns
from diagnose.model import Report
from diagnose.net import Net
from diagnose.net.deadline import loop_lateness, shares_loop

#: Makes a run with this network.
Run = Callable[[Net], Awaitable[Report]]

#: Seconds. If the event loop was later during a run, a server may have given up waiting for us:
#: what is not well is diagnosed once more.
LATE_RUN = 2.0


@dataclass(slots=True)
class FairRuns:
    """Makes runs. `open_net` returns the network of one run."""

    open_net: Callable[[], Net]
    _addresses: Turns = field(default_factory=lambda: Turns(PER_ADDRESS))
    _name_servers: Turns = field(default_factory=lambda: Turns(PER_NAME_SERVER))

    async def report(self, run: Run, on_wait: Callable[[bool], None]) -> Report:
        """Return the report of a run. `on_wait` is that of `FairNet`."""
        lateness = loop_lateness()
        lateness.start()
        try:
            before = lateness.seconds
            report = await self._with_turns(run, on_wait)
            is_late = lateness.seconds - before > LATE_RUN
            if is_late and not report.interrupted and verdict(report).status != "ok":
                report = await self._with_turns(run, on_wait)
        finally:
            lateness.stop()
        return report

    async def _with_turns(self, run: Run, on_wait: Callable[[bool], None]) -> Report:
        net = FairNet(self.open_net(), self._addresses, self._name_servers, on_wait)
        token = shares_loop.set(True)
        try:
            return await run(net)
        finally:
            shares_loop.reset(token)
            net.close()
