"""A fleet by workers, while the workers and the NATS server are killed again and again.

    python -m tests.bench.workers [--targets N] [--kills K] [--workers W] [--quick]

The targets are ports of loopback that refuse, each on an address of its own. With --quick the
workers make empty runs: only the queue is at work. DIAGNOSE_NATS_SERVER names the server.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.support.nats_server import NatsServer

ROOT = Path(__file__).parents[2]


class Experiment:
    """One run. `down` are the times during which the server was not there."""

    def __init__(self, folder: Path, workers: int, quick: bool) -> None:
        self.folder, self.quick = folder, quick
        self.server = NatsServer(folder / "server")
        self.down: list[tuple[float, float]] = []
        self.workers: list[subprocess.Popen[bytes] | None] = [None] * workers
        self.output = folder / "out.jsonl"

    def start_worker(self, number: int) -> None:
        self.workers[number] = self._start(["worker"], subprocess.DEVNULL)

    def start_fleet(self, rate: int) -> "subprocess.Popen[bytes]":
        words = ["fleet", str(self.folder / "list"), "--summary", "--resume", "--rate", str(rate)]
        with self.output.open("ab") as stdout:
            return self._start(words, stdout.fileno())

    def _start(self, words: Sequence[str], stdout: int) -> "subprocess.Popen[bytes]":
        quick = ["--quick"] if self.quick else []
        command = [sys.executable, "-m", "tests.support.timed_fetches", str(self.folder / "waits")]
        environment = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state")}
        with (self.folder / f"{words[0]}.err").open("ab") as stderr:
            return subprocess.Popen(
                [*command, *quick, *words, "--nats", self.server.url],
                cwd=ROOT, env=environment, stdout=stdout, stderr=stderr,
            )  # fmt: skip

    def kill(self, victim: str) -> None:
        if victim == "server":
            begun = time.time()
            self.server.kill()
            self.server.start()
            self.down.append((begun, time.time()))
            return
        number = random.randrange(len(self.workers))
        _kill(self.workers[number])
        self.start_worker(number)

    def waits(self) -> list[tuple[float, float]]:
        """Return the waits for messages that were there, while the server was there too: seconds,
        and those of them that our own event loop was late. The longest beside that come first."""
        path = self.folder / "waits"
        text = path.read_text() if path.exists() else ""
        waits = map(json.loads, text.splitlines())
        times = ((self._up(begun, ended), late) for begun, ended, late in waits)
        return sorted(times, key=lambda time: time[1] - time[0])

    def _up(self, begun: float, ended: float) -> float:
        """Return the longest stretch of a time in which the server was there."""
        edges = [begun, *(each for pair in self.down for each in pair), ended]
        inside = [max(min(edge, ended), begun) for edge in edges]
        stretches = zip(inside[::2], inside[1::2], strict=True)
        return max(later - earlier for earlier, later in stretches)

    def close(self) -> None:
        for worker in self.workers:
            _kill(worker)
        self.server.kill()


def _kill(process: "subprocess.Popen[bytes] | None") -> None:
    if process is not None:
        process.send_signal(signal.SIGKILL)
        process.wait()


def finished(output: Path) -> int:
    with output.open("rb") as file:
        return sum(1 for _ in file)


def judge(output: Path, targets: Sequence[str]) -> None:
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    verdicts = [line for line in lines if line["type"] == "verdict"]
    urls = Counter(line["target"]["url"] for line in verdicts)
    print(f"  targets {len(targets)}, lost {len(set(targets) - set(urls))},"
          f" repeated {sum(many - 1 for many in urls.values())},"
          f" errors {sum(line['type'] == 'error' for line in lines)}")  # fmt: skip
    print("  ", Counter(line["verdict"]["status"] for line in verdicts), lines[-1])


def memory(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20
    except OSError:
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--targets", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two kills")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    targets = [f"http://127.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}:9/" for n in
               range(257, 257 + options.targets)]  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        experiment = Experiment(Path(name), options.workers, options.quick)
        (experiment.folder / "list").write_text("\n".join(targets))
        experiment.server.start()
        try:
            run(experiment, options)
            judge(experiment.output, targets)
            waits = [f"{wait:.2f} s ({late:.2f} s late)" for wait, late in experiment.waits()[:5]]
            print(f"  longest waits for a message that was there: {', '.join(waits)}")
        finally:
            experiment.close()


def run(experiment: Experiment, options: argparse.Namespace) -> None:
    for number in range(options.workers):
        experiment.start_worker(number)
    begun = time.monotonic()
    fleet = experiment.start_fleet(10_000)
    # Two kills of three are of a worker.
    victims = ["server" if number % 3 == 2 else "worker" for number in range(options.kills)]
    while fleet.poll() is None:
        try:
            fleet.wait(options.every)
        except subprocess.TimeoutExpired:
            victim = victims.pop(0) if victims else ""
            seconds, lines = time.monotonic() - begun, finished(experiment.output)
            size = memory(fleet.pid)
            print(
                f"  {seconds:5.0f} s {lines:7} lines {size:6.1f} MiB, killed: {victim or 'nobody'}"
            )
            if victim:
                experiment.kill(victim)
    print(f"  ended with {fleet.returncode} after {time.monotonic() - begun:.1f} s,"
          f" {len(victims)} kills did not happen")  # fmt: skip


if __name__ == "__main__":
    main()
