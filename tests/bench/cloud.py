"""What the layer `cloud` costs a machine that is in no cloud: as it is, and without it, in turns.

    python -m tests.bench.cloud [TIMES]

CPU time is that of all processes of a run; other processes disturb it by more than the layer costs.
So steps are counted too: the functions of Python and C that are called (`sys.setprofile`), the
modules that are imported and the files that are opened, in all processes of a run. Steps differ by
some hundred from run to run, because threads take turns; modules and files do not.
"""

import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.hosts import Host
    from tests.lab.lab import Lab

SITE = "https://shop.example.com/"
VARIANTS = ("as it is", "without")
#: Runs whose steps are counted, of each variant.
COUNTED = 3
LAUNCHER = """
import itertools, json, os, sys, threading
from diagnose import engine
from diagnose.checking import registry
if sys.argv.pop(1) == "without":
    engine.AFTER_FAILURE = ()
    registry.LAYERS = tuple(layer for layer in registry.LAYERS if layer != "cloud")
def begin():
    global steps, files
    steps, files = itertools.count(), []
def count(frame, event, argument):
    if event in ("call", "c_call"):
        next(steps)
def note_file(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        files.append(arguments[0])
def end(status, leave=os._exit):
    sys.setprofile(None)
    counts = {"steps": next(steps), "modules": sorted(sys.modules), "files": len(files)}
    os.write(log, (json.dumps(counts) + "\\n").encode())
    leave(status)
if path := os.environ.get("BENCH_COUNTS"):
    log = os.open(path, os.O_WRONLY | os.O_APPEND)
    begin()
    os.register_at_fork(after_in_child=begin)
    os._exit = end
    sys.addaudithook(note_file)
    threading.setprofile(count)
    sys.setprofile(count)
from diagnose.__main__ import main
main()
"""
DROP = """
add table inet bench
add chain inet bench input { type filter hook input priority 0; }
add rule inet bench input tcp dport 443 drop
"""


def run(variant: str, words: Sequence[str], counts: str = "") -> tuple[float, float, str]:
    """Run diagnose; return the CPU of all its processes and the wall time in ms, and its status.
    `counts` is a file to which each process adds what it counted."""
    argv = [sys.executable, "-c", LAUNCHER, variant, *words]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "BENCH_COUNTS": counts}
    with tempfile.TemporaryFile() as output:
        begun, cpu, taken = time.perf_counter(), 0.0, 0.0
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
            env=environment,
        )  # fmt: skip
        while True:  # what the first process leaves behind is ours (prctl below)
            try:
                pid, _, usage = os.wait3(0)
            except ChildProcessError:
                break
            cpu += usage.ru_utime + usage.ru_stime
            if pid == process.pid:
                process.returncode = 0
                taken = time.perf_counter() - begun
        output.seek(0)
        verdict = json.load(output)["verdict"]["status"]
    return cpu * 1000, taken * 1000, verdict


def counted(variant: str, words: Sequence[str]) -> tuple[int, int, list[str]]:
    """Return the steps, the opened files and the imported modules of a run."""
    with tempfile.NamedTemporaryFile() as log:
        run(variant, words, log.name)
        processes = [json.loads(line) for line in log]
    modules = {name for process in processes for name in process["modules"]}
    return (
        sum(process["steps"] for process in processes),
        sum(process["files"] for process in processes),
        sorted(modules),
    )


def alternate(times: int, words: Sequence[str]) -> None:
    """Run the variants in turns; print the measurements and the counts of each as JSON."""
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    runs: dict[str, list[tuple[float, float, str]]] = {variant: [] for variant in VARIANTS}
    counts: dict[str, list[tuple[int, int, list[str]]]] = {variant: [] for variant in VARIANTS}
    for number in range(times + 1):
        for variant in VARIANTS:
            measured = run(variant, words)
            if number:  # the first round warms up
                runs[variant].append(measured)
    for _ in range(COUNTED):
        for variant in VARIANTS:
            counts[variant].append(counted(variant, words))
    print(json.dumps([runs, counts]))


def measure(lab: "Lab", times: int) -> None:
    """A healthy site and a silent port, from the client and on the server itself."""
    print(f"\nA machine in no cloud, the layer `cloud` as it is and without it, {times} times")
    print(f"  {'':34} {'CPU ms: min':>11} {'median':>7} {'wall: min':>10} {'median':>7}"
          f" {'steps: median':>14} {'modules':>8} {'files':>6}")  # fmt: skip
    compare(lab.client, "healthy, from outside", times)
    compare(lab.server, "healthy, on the server", times)
    lab.server.run(["nft", "-f", "-"], input=DROP, check=True)
    few = max(times // 4, 3)
    compare(lab.client, "silent, from outside", few)
    compare(lab.server, "silent, on the server", few)
    lab.server.run(["nft", "delete", "table", "inet", "bench"], check=True)


def compare(host: "Host", title: str, times: int) -> None:
    """Print the variants' measurements and counts, and what the layer adds."""
    outside = ["--outside"] if title.endswith("outside") else []
    words = ["--json", "--timeout", "10", *outside, SITE]
    asked = [sys.executable, "-I", __file__, "alternate", str(times), *words]
    runs, counts = json.loads(host.run(asked, timeout=900, check=True).stdout)
    medians, steps, modules = [], [], []
    for variant in VARIANTS:
        cpu, wall, verdicts = zip(*runs[variant], strict=True)
        counted_steps, files, names = zip(*counts[variant], strict=True)
        medians.append(statistics.median(cpu))
        steps.append(statistics.median(counted_steps))
        modules.append({name for listed in names for name in listed})
        print(
            f"  {title + ', ' + variant:34} {min(cpu):11.1f} {medians[-1]:7.1f} {min(wall):10.1f}"
            f" {statistics.median(wall):7.1f} {steps[-1]:14.0f} {len(modules[-1]):8}"
            f" {statistics.median(files):6.0f}  {', '.join(sorted(set(verdicts)))}"
        )
    added = sorted(modules[0] - modules[1])
    print(
        f"    the layer takes {medians[0] - medians[1]:+.1f} ms of CPU, {steps[0] - steps[1]:+.0f}"
        f" steps; it imports {', '.join(added) or 'nothing'}"
    )


def main() -> int:
    from tests.lab.lab import Lab, missing

    if lacking := missing():
        print(f"It needs the laboratory, and the laboratory needs {', '.join(lacking)}.")
        return 0
    with Lab() as lab:
        measure(lab, int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["alternate"]:
        alternate(int(sys.argv[2]), sys.argv[3:])
    else:
        sys.exit(main())
