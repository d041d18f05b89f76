"""A run from the server's side, for a server whose port is closed to this machine: the server makes
the connections, and the outside probes start again."""

import importlib
from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from diagnose.machine import ServerSideNet
from diagnose.model import Observation, Vantage
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net import Net
from diagnose.probes import SERVER_SIDE, Closable, ObservationT, Probe, ProbeContext
from diagnose.probes.in_container import InContainer

if TYPE_CHECKING:
    from diagnose.machine.container import ContainerMachine


class HostRun(ProbeContext, Protocol):
    """The run that this one is a part of."""

    def create_task(self, name: str, work: Awaitable[None]) -> None: ...

    def offer_stream(self, observation: Observation, stream: Closable) -> None: ...


class ServerSideRun:
    """The context of the outside probes on the server. Their observations have the vantage
    `Vantage.SERVER`."""

    def __init__(self, run: HostRun) -> None:
        self.run = run
        self.target, self.options = run.target, run.options
        self.net: Net = ServerSideNet(run.net, run.machine)
        self.further_requests, self.syn_mark = run.further_requests, run.syn_mark
        self.machine, self.elapsed, self.take_stream, self.start = (
            run.machine,
            run.elapsed,
            run.take_stream,
            run.start,
        )
        self._addresses: set[str] = set()
        self._observations: list[Observation] = []
        self._probes = [
            value
            for name in SERVER_SIDE
            for value in vars(importlib.import_module(f"diagnose.probes.outside.{name}")).values()
            if isinstance(value, Probe) and value.after is not None
        ]

    def register_address(self, address: str) -> bool:
        """Return whether the address is new: the probes connect to each once."""
        is_new = address not in self._addresses
        self._addresses.add(address)
        return is_new

    def emit(self, observation: ObservationT, live_stream: Closable | None = None) -> ObservationT:
        server_observation = replace(observation, vantage=Vantage.SERVER)
        self._observations.append(server_observation)
        # A connection made on the server says nothing about visitors, and over SSH a silent one
        # may never have been opened: neither becomes evidence.
        if type(server_observation) is Connection or (
            isinstance(server_observation, Handshake) and server_observation.is_silent
        ):
            if live_stream is not None:
                self.run.offer_stream(server_observation, live_stream)
        else:
            self.run.emit(server_observation, live_stream)
        for probe in self._probes:
            if probe.after is type(server_observation):
                self.run.create_task(probe.name, probe.work(self, server_observation))
        return server_observation

    def observed(self, *kinds: type[ObservationT]) -> tuple[ObservationT, ...]:
        return tuple(
            observation
            for observation in self._observations
            for kind in kinds
            if type(observation) is kind
        )

    def from_server(self, address: str) -> "ServerSideRun | None":
        return None

    def enter_container(self, machine: "ContainerMachine") -> InContainer:
        return InContainer(self.run, machine)
