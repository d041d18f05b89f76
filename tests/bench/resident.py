"""`diagnose --json` through the resident, beside curl + curl + openssl s_client and a cold run.

    python -m tests.bench.resident [--times N] [PROGRAM]

A healthy site on loopback, in a network namespace of its own (root, nginx, nftables, iproute2). CPU
time of all processes, that of the resident and its copies included, each a median of runs in turns.
"""

import argparse
import ctypes
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.fleet import HEALTHY, servers

ADDRESS = HEALTHY[0]
TICKS = os.sysconf("SC_CLK_TCK")
#: Programs are started as packages do it, too: without the launcher that pip writes.
MODULE = [sys.executable, "-I", "-m", "diagnose"]


def keep_orphans() -> None:
    """Become the parent of processes whose own one ends (prctl(2), PR_SET_CHILD_SUBREAPER = 36): a
    run does not wait for its second process."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def reap(kept: set[int]) -> None:
    """Wait for all children but these."""
    while orphans := set(_children(os.getpid())) - kept:
        os.waitpid(orphans.pop(), 0)


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(commands: Sequence[Sequence[str]], environment: dict[str, str]) -> None:
    for command in commands:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env=environment, check=False)  # fmt: skip


def resident_cpu(pid: int) -> float:
    """Return the CPU time of the resident below this exporter, with all its copies (proc(5))."""
    resident = _children(pid)[0]
    ended = sum(_ticks(resident))
    return (ended + sum(sum(_ticks(copy)) for copy in _children(resident))) / TICKS


def _children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def _ticks(pid: int) -> list[int]:
    """Return the CPU time of a process, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return list(map(int, fields[11:15]))


@contextmanager
def exporter(folder: Path, command: Sequence[str], environment: dict[str, str]) -> Iterator[int]:
    """Run `diagnose serve --resident`; the value is its pid."""
    config = folder / "blackbox.yml"
    config.write_text("modules: {http_2xx: {prober: http}}\n")
    process = subprocess.Popen(
        [*command, "serve", "--resident", f"--config.file={config}"],
        stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stderr is not None
    while "Listening" not in process.stderr.readline():
        assert process.poll() is None, "the exporter did not start"
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def measure(
    times: int, variants: dict[str, Callable[[], None]], extra: Callable[[], float]
) -> None:
    """Run the variants in turns; print the CPU and the wall time of each in ms. `extra` is the CPU
    time so far of a process that is no child; its resolution is a tick, so its mean counts."""
    cpu: dict[str, list[float]] = {name: [] for name in variants}
    wall: dict[str, list[float]] = {name: [] for name in variants}
    elsewhere = dict.fromkeys(variants, 0.0)
    servers = set(_children(os.getpid()))
    for _ in range(times):
        for name, work in variants.items():
            before, begun, there = children_cpu(), time.perf_counter(), extra()
            work()
            wall[name].append((time.perf_counter() - begun) * 1000)
            reap(servers)
            cpu[name].append((children_cpu() - before) * 1000)
            elsewhere[name] += (extra() - there) * 1000
    peers = statistics.median(cpu["curl + curl + openssl"])
    for name, values in cpu.items():
        total = statistics.median(values) + elsewhere[name] / times
        print(f"  {name:40} {total:7.1f} ms CPU ({elsewhere[name] / times:5.1f} of the resident),"
              f" {statistics.median(wall[name]):7.1f} ms, {total / peers:.2f} times")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default=".venv/bin/diagnose")
    parser.add_argument("--times", type=int, default=40)
    options = parser.parse_args()
    if os.environ.get("FLEET_NAMESPACE") != "1":
        environment = {**os.environ, "FLEET_NAMESPACE": "1"}
        os.execvpe("unshare", ["unshare", "-n", sys.executable, "-m", "tests.bench.resident",
                               *sys.argv[1:]], environment)  # fmt: skip
    keep_orphans()
    with tempfile.TemporaryDirectory() as name, servers(folder := Path(name)):
        here = {**os.environ, "XDG_RUNTIME_DIR": name}
        cold = {**os.environ, "XDG_RUNTIME_DIR": "/nonexistent"}
        authority, url = str(folder / "ca.pem"), f"https://{ADDRESS}/"
        words = ["--json", "--outside", "--cafile", authority, url]
        peers = [
            ["curl", "-s", "--cacert", authority, url],
            ["curl", "-s", f"http://{ADDRESS}/"],
            ["openssl", "s_client", "-connect", f"{ADDRESS}:443", "-CAfile", authority],
        ]
        with exporter(folder, MODULE, here) as pid:
            variants = {
                "curl + curl + openssl": lambda: run(peers, here),
                "diagnose --json, through the resident": lambda: run([[*MODULE, *words]], here),
                "diagnose --json, cold": lambda: run([[*MODULE, *words]], cold),
            }
            for _ in range(3):
                run([[*MODULE, *words]], here)
            measure(options.times, variants, lambda: resident_cpu(pid))
        with exporter(folder, [options.program], here) as pid:
            variants = {
                "curl + curl + openssl": lambda: run(peers, here),
                f"{options.program}, through it": lambda: run([[options.program, *words]], here),
            }
            for _ in range(3):
                run([[options.program, *words]], here)
            measure(options.times, variants, lambda: resident_cpu(pid))


if __name__ == "__main__":
    main()
