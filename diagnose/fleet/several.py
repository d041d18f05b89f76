"""A few targets named on the command line: the same limits as for a fleet, and all reports at the
end."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from diagnose.checking.conclusion import not_begun
from diagnose.fleet.fair_net import PER_ADDRESS, PER_NAME_SERVER, FairNet, Turns
from diagnose.fleet.pool import PER_KEY, Pool, affordable_concurrency
from diagnose.fleet.target_list import registered_domain
from diagnose.model import Report, Target
from diagnose.net import Net
from diagnose.net.local import LocalNet
from diagnose.probes import Options

#: Takes what is to be called at the first signal, with its number.
HandleSignals = Callable[[Callable[[int], None]], None]


async def run_several(
    targets: Sequence[Target],
    run_target: Callable[[Target, Net], Awaitable[Report]],
    handle_signals: HandleSignals,
    options: Options,
) -> list[Report]:
    """Diagnose the targets and return the reports in their order. After a signal, what has not
    begun is reported as interrupted."""
    reports: dict[int, Report] = {}
    addresses, name_servers = Turns(PER_ADDRESS), Turns(PER_NAME_SERVER)
    signals: list[int] = []

    async def diagnose(number: int) -> None:
        net = FairNet(LocalNet(), addresses, name_servers, pool.park)
        try:
            reports[number] = await run_target(targets[number], net)
        finally:
            net.close()

    def stop(signal_number: int) -> None:
        signals.append(signal_number)
        pool.stop(signal_number)

    def domain(number: int) -> str:
        # Nothing has to wait: do not read the list of public suffixes.
        host = targets[number].host
        return registered_domain(host) if len(targets) > PER_KEY else host

    pool = Pool(diagnose, domain, affordable_concurrency(None))
    handle_signals(stop)
    await pool.run(_numbers(len(targets)))
    return [
        reports.get(number)
        or not_begun(target, options.scope, options.ignores, max(signals, default=0))
        for number, target in enumerate(targets)
    ]


async def _numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number
