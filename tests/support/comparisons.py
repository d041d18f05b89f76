"""A run of nothing but comparisons (diagnose.probes.outside.tls_comparisons)."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from diagnose.model import Failure, Target
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net import ConnectResult
from diagnose.probes.outside.tls_comparisons import Comparison, start_controls
from tests.support.check_evidence import REFUSED
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.streams import Script

PORT = Connection(address="203.0.113.10", port=443, family=4, took=0.05)
RESET = Failure("reset", "Connection reset by peer", 104, "ECONNRESET")


class Run(Looking):
    """A run whose connections give these answers one after another, and then refuse."""

    def __init__(self, *answers: bytes, host: str = "shop.example.com") -> None:
        super().__init__(RecordedMachine())
        self.target = Target(host, "https", host, 443)
        self.net = self
        self.answers = list(answers)
        self.streams: list[Script] = []
        self.started: list[Coroutine[Any, Any, None]] = []

    async def connect(self, address: str, port: int, timeout: float = 4.0) -> ConnectResult:
        if not self.answers:
            return ConnectResult(0.0, failure=REFUSED)
        self.streams.append(Script(self.answers.pop(0)))
        return ConnectResult(0.0, self.streams[-1])

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.started.append(work)

    def compared(self, *variants: Comparison, failure: Failure = RESET) -> list[Handshake]:
        """What the comparisons for one failed handshake show."""
        visit = Handshake(address="203.0.113.10", port=443, failure=failure)
        start_controls(self, PORT, self.emit(visit), variants)
        started, self.started = self.started, []
        before = len(self.observations)
        for work in started:
            asyncio.run(work)
        return [
            handshake
            for handshake in self.observed(Handshake)
            if handshake in self.observations[before:]
        ]
