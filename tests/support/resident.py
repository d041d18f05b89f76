"""`diagnose serve --resident` as a process of its own, and callers of it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.exporter import http_module, write_config

#: What differs from run to run of the same site.
_VARYING = {"id", "started_at", "duration_s", "at_s"}


class Resident(NamedTuple):
    """`environment` is that of its callers."""

    process: subprocess.Popen[str]
    environment: Mapping[str, str]

    @property
    def socket_path(self) -> Path:
        return Path(self.environment["XDG_RUNTIME_DIR"]) / "diagnose" / "resident"

    @property
    def pid(self) -> int:
        return children(self.process.pid)[0]


def children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def command(*words: str) -> list[str]:
    """Return a command line that says on stderr what it imports."""
    return [sys.executable, "-P", "-X", "importtime", "-m", "diagnose", *words]


@contextlib.contextmanager
def resident(folder: Path) -> Iterator[Resident]:
    """Start one whose socket is below this folder, and end it."""
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "XDG_CONFIG_HOME": str(folder)}
    config = write_config(folder, http_module())
    words = ["serve", "--resident", "--web.listen-address=127.0.0.1:0", "--config.file", config]
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "diagnose", *words],
        stderr=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "Listening" in line:
                    break
            yield Resident(process, environment)
        finally:
            process.terminate()
            process.wait()


def call(resident: Resident, *words: str, prefix: Sequence[str] = (), **options: Any) -> Any:
    """Run `diagnose` with the resident's environment and return the ended process."""
    options.setdefault("env", resident.environment)
    return subprocess.run(
        [*prefix, *command(*words)], capture_output=True, text=True, timeout=60, check=False,
        **options,
    )  # fmt: skip


def imported(process: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the names of the modules that a process has imported."""
    lines = [line for line in process.stderr.splitlines() if line.startswith("import time:")]
    return [line.rpartition("|")[2].strip() for line in lines[1:]]


def was_handed_over(process: subprocess.CompletedProcess[str]) -> bool:
    """Whether the resident did the work: only who does it needs the engine."""
    return "diagnose.engine" not in imported(process)


def notes(process: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what was written to stderr, without the imports."""
    return [line for line in process.stderr.splitlines() if not line.startswith("import time:")]


def comparable(document: str) -> Any:
    """Return a document without what differs from run to run."""
    return _comparable(json.loads(document))


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items() if key not in _VARYING}
    if isinstance(value, list):
        return sorted(map(_comparable, value), key=repr)
    return value


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """Yield the URL of a port of loopback that refuses; nobody else gets it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"https://127.0.0.1:{bound.getsockname()[1]}/"


@contextlib.contextmanager
def silent_port() -> Iterator[tuple[str, socket.socket]]:
    """Yield the URL of a server that accepts and says nothing, and its listening socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/", listener


@contextlib.contextmanager
def in_child(prepare: Callable[[], object]) -> Iterator[int]:
    """Yield the pid of a child process that has done this, and waits until the end of the block."""
    ready, is_ready = os.pipe()
    ending, end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(end)
            prepare()
            os.write(is_ready, b"x")
            os.read(ending, 1)
        finally:
            os._exit(0)
    try:
        os.close(is_ready)
        assert os.read(ready, 1) == b"x"
        yield pid
    finally:
        for descriptor in (ready, ending, end):
            os.close(descriptor)
        os.waitpid(pid, 0)
