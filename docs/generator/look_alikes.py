"""Which faults look the same from outside: what the laboratory's scenarios name on each side."""

from functools import cache

from tests.lab.scenario import found


@cache
def pairs() -> frozenset[tuple[str, str]]:
    """Return the check that is named from outside and the different one named on the server, of
    every fault."""
    return frozenset(
        (scenario.outside, scenario.server)
        for scenario in found().values()
        if scenario.outside and scenario.server and scenario.outside != scenario.server
    )


def causes_behind(check_id: str) -> tuple[str, ...]:
    """Return what is named on the server where `check_id` is named outside, sorted."""
    return tuple(sorted(server for outside, server in pairs() if outside == check_id))


def appearances_of(check_id: str) -> tuple[str, ...]:
    """Return what is named outside where `check_id` is named on the server, sorted."""
    return tuple(sorted(outside for outside, server in pairs() if server == check_id))
