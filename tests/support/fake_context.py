"""A stand-in for a run: what a probe is given, and what it saw."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from diagnose.machine import Machine
from diagnose.machine.container import ContainerMachine
from diagnose.model import Observation, Target
from diagnose.probes import Closable, Options, Probe, ProbeContext
from diagnose.probes.further_requests import FurtherRequests

Seen = TypeVar("Seen", bound=Observation)


class Looking:
    """Only what probes of the server need."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.target = Target("shop.example.com", "https", "shop.example.com", 443)
        self.options = Options()
        self.net: Any = None
        self.further_requests = FurtherRequests()
        self.syn_mark = 1100
        self.observations: list[Observation] = []

    def elapsed(self) -> float:
        return 0.0

    def emit(self, observation: Seen, live_stream: Closable | None = None) -> Seen:
        self.observations.append(observation)
        return observation

    def take_stream(self, observation: Observation) -> Any:
        return None

    def observed(self, *kinds: type[Seen]) -> tuple[Seen, ...]:
        return tuple(
            observation
            for observation in self.observations
            for kind in kinds
            if type(observation) is kind
        )

    def from_server(self, address: str) -> "ProbeContext | None":
        return None

    def enter_container(self, machine: ContainerMachine) -> "ProbeContext":
        self.machine = machine
        return self

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        raise AssertionError("nothing is started here")


def looked(machine: Machine, *probes: Probe) -> Looking:
    """What these probes see on a machine."""
    look = Looking(machine)

    async def work() -> None:
        for probe in probes:
            await probe.work(look)

    asyncio.run(work())
    return look
