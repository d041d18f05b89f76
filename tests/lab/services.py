"""A process that the laboratory keeps running inside a host."""

import re
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .hosts import Gone, Host, until


@dataclass
class Service:
    host: Host
    argv: list[str]
    ready: Callable[[], bool]
    log: Path
    pid: int = 0
    process: subprocess.Popen[bytes] | None = None
    started_as: tuple[str, ...] = ()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> "Service":
        with self.log.open("ab") as log:
            self.process = self.host.spawn(self.argv, stdout=log, stderr=log)
        self.started_as = tuple(self.argv)
        self.pid = self._number_inside()
        return self

    def _number_inside(self) -> int:
        """nsenter's only child, as its own PID namespace counts it."""
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        until(lambda: not self.alive() or bool(children.read_text()), f"{self.argv[0]} starts")
        try:
            status = Path(f"/proc/{children.read_text().split()[0]}/status").read_text()
        except (OSError, IndexError):
            raise self._gone() from None
        return int(re.findall(r"^NSpid:.*\s(\d+)$", status, re.MULTILINE)[0])

    def wait(self) -> None:
        def answered() -> bool:
            if not self.alive():
                raise self._gone()
            return self.ready()

        until(answered, f"{self.argv[0]} serves")

    def _gone(self) -> Gone:
        return Gone(f"{self.argv[0]} ended: {self.log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        if self.process and self.alive():
            self.host.kill([self.pid])
            self.process.wait(5)

    def resume(self) -> None:
        """Let nsenter go on: it stops itself when its child is stopped (nsenter(1), util-linux)."""
        if self.process:
            self.process.send_signal(signal.SIGCONT)

    def ended(self) -> None:
        """Its host has gone, and it with it."""
        if self.process:
            self.process.wait(5)

    def restart(self) -> None:
        self.stop()
        self.start().wait()

    def restore(self, argv: list[str]) -> None:
        """Run with these words again, unless that is what it does."""
        self.argv = argv
        if not self.alive() or self.started_as != tuple(argv):
            self.restart()
