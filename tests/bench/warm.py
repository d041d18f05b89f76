"""What a whole diagnosis costs in a process that has made many: `diagnose fleet`, the exporter.

    python -m tests.bench.warm [--targets N] [--profile]

Healthy sites on loopback, in a network namespace of its own (root, nginx, nftables, iproute2). CPU
time of this process alone, the lowest of several rounds: other processes disturb it little.
"""

import argparse
import asyncio
import cProfile
import os
import pstats
import sys
import tempfile
import time
from pathlib import Path

from diagnose import engine
from diagnose.fleet import lines
from diagnose.fleet.grouping import causes_of
from diagnose.model.view import View
from diagnose.net.local import LocalNet
from diagnose.parsers.target import parse_target
from diagnose.probes import Options
from diagnose.processes.collection import collect_garbage
from tests.bench.fleet import HEALTHY, servers

#: Diagnoses at the same time, and rounds of which the cheapest counts.
CONCURRENCY, ROUNDS = 16, 5


async def diagnose_all(count: int, options: Options) -> list[str]:
    """Diagnose so many targets and return the statuses of the verdicts."""
    slots, net, view = asyncio.Semaphore(CONCURRENCY), LocalNet(), View()

    async def diagnose(number: int) -> str:
        async with slots:
            target = parse_target(f"https://{HEALTHY[number % len(HEALTHY)]}/{number}")
            report = await engine.run(target, options, net)
        return lines.verdict_line(report, causes_of(report, "en"), view)

    return list(await asyncio.gather(*map(diagnose, range(count))))


def cpu_ms(count: int, options: Options) -> float:
    before = time.process_time()
    healthy = sum('"status": "ok"' in line for line in asyncio.run(diagnose_all(count, options)))
    assert healthy == count, f"{count - healthy} are not healthy"
    return (time.process_time() - before) / count * 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--targets", type=int, default=300)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    if os.environ.get("FLEET_NAMESPACE") != "1":
        os.environ["FLEET_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, "-m", "tests.bench.warm",
                              *sys.argv[1:]])  # fmt: skip
    with tempfile.TemporaryDirectory() as name, servers(folder := Path(name)):
        options = Options(outside=True, inside=False, cafile=str(folder / "ca.pem"))
        cpu_ms(20, options)
        collect_garbage()
        if arguments.profile:
            with cProfile.Profile(time.thread_time) as profile:
                cpu_ms(arguments.targets, options)
            pstats.Stats(profile).sort_stats("tottime").print_stats(70)
            pstats.Stats(profile).sort_stats("cumtime").print_stats(120)
            return
        rounds = sorted(cpu_ms(arguments.targets, options) for _ in range(ROUNDS))
        print("ms CPU a target:", " ".join(f"{cost:.2f}" for cost in rounds))


if __name__ == "__main__":
    main()
