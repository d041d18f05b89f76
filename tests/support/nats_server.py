"""A NATS server of its own on loopback, which can be killed and started again."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

#: Debian installs it where users do not look.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"

PROGRAM = os.environ.get("DIAGNOSE_NATS_SERVER") or shutil.which("nats-server", path=_PATH)

needs_server = pytest.mark.skipif(
    PROGRAM is None,
    reason="*** nats-server is not here: workers are not tested (apt-get install nats-server)",
)

#: Beginning of what the server sends first.
_GREETING = b"INFO "


class NatsServer:
    """`config` is further text for its configuration. `port` is chosen at the first start, and
    kept."""

    def __init__(self, folder: Path, config: str = "", jetstream: bool = True) -> None:
        self.folder, self.port = folder, 0
        self._store = f'jetstream {{ store_dir: "{folder}/store" }}' if jetstream else ""
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        assert PROGRAM is not None
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "nats.conf"
        port = self.port or -1
        path.write_text(
            f'listen: "127.0.0.1:{port}"\nports_file_dir: "{self.folder}"\n'
            f"{self._store}\n{self._config}\n"
        )
        with (self.folder / "log").open("ab") as log:
            argv = [PROGRAM, "-c", str(path)]
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, env={"HOME": "/tmp"})
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.01)

    def _answers(self) -> bool:
        assert self._process is not None
        ports = self.folder / f"nats-server_{self._process.pid}.ports"
        with contextlib.suppress(OSError, ValueError, LookupError):
            self.port = int(json.loads(ports.read_text())["nats"][0].rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                return connection.recv(len(_GREETING)) == _GREETING
        return False

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, signal_number: int) -> None:
        if self._process is not None:
            self._process.send_signal(signal_number)
            self._process.wait(30)
            self._process = None
