"""What the layer `cloud` costs a machine that is in no cloud: as it is, and with all of it made
impossible, in turns.

    python -m tests.bench.cloud [TIMES]

CPU is that of all processes of a run. On the server itself a silent port is the one case in which
the layer asks a question, of the firmware: there it is left out by `--skip cloud`.
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
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.hosts import Host
    from tests.lab.lab import Lab

SITE = "https://shop.example.com/"
#: None in sys.modules makes an import fail: whoever needs one of these ends with an error.
#: A finder that finds nothing notes each name: also what importlib.import_module() imports, in this
#: process and in those that it forks.
LAUNCHER = """
import os, sys
class Notes:
    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND)
    def find_spec(self, name, path=None, target=None):
        os.write(self.file, f"{name}\\n".encode())
if log := os.environ.get("BENCH_IMPORTS"):
    sys.meta_path.insert(0, Notes(log))
names = ("diagnose.cloud", "diagnose.model.cloud", "diagnose.probes.cloud_rules")
sys.modules.update(dict.fromkeys(names if sys.argv.pop(1) == "impossible" else (), None))
from diagnose.__main__ import main
sys.exit(main())
"""
DROP = """
add table inet bench
add chain inet bench input { type filter hook input priority 0; }
add rule inet bench input tcp dport 443 drop
"""


def run(variant: str, words: Sequence[str]) -> tuple[float, float, str]:
    """Run diagnose; return the CPU of all its processes and the wall time in ms, and its status."""
    argv = [sys.executable, "-c", LAUNCHER, variant, *words]
    argv += ["--skip", "cloud"] if variant == "skipped" else []
    with tempfile.TemporaryFile() as output:
        begun, cpu, taken = time.perf_counter(), 0.0, 0.0
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL
        )
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


def alternate(times: int, variants: Sequence[str], words: Sequence[str]) -> None:
    """Run the variants in turns; print the measurements of each as JSON."""
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    runs: dict[str, list[tuple[float, float, str]]] = {variant: [] for variant in variants}
    for number in range(times + 1):
        for variant in variants:
            measured = run(variant, words)
            if number:  # the first round warms up
                runs[variant].append(measured)
    print(json.dumps(runs))


def imported(words: Sequence[str]) -> None:
    """Print the modules that a run imports, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "imports")
        log.touch()
        quiet = subprocess.DEVNULL
        subprocess.run(
            [sys.executable, "-c", LAUNCHER, "as it is", *words],
            stdin=quiet, stdout=quiet, stderr=quiet,
            env={**os.environ, "BENCH_IMPORTS": str(log)}, check=False,
        )  # fmt: skip
        names = log.read_text().split()
    print(json.dumps(sorted(set(names))))


def measure(lab: "Lab", times: int) -> None:
    """A healthy site and a silent port, from the client and on the server itself."""
    print(f"\nA machine in no cloud, the layer `cloud` as it is and without it, {times} times")
    print(f"  {'':36} {'CPU ms: min':>12} {'median':>8} {'wall ms: min':>14} {'median':>8}")
    compare(lab.client, "healthy, from outside", ("as it is", "impossible"), times)
    compare(lab.server, "healthy, on the server", ("as it is", "impossible"), times)
    lab.server.run(["nft", "-f", "-"], input=DROP, check=True)
    few = max(times // 4, 3)
    compare(lab.client, "silent, from outside", ("as it is", "impossible"), few)
    compare(lab.server, "silent, on the server", ("as it is", "skipped"), few)
    lab.server.run(["nft", "delete", "table", "inet", "bench"], check=True)


def compare(host: "Host", title: str, variants: Sequence[str], times: int) -> None:
    """Print the variants' measurements, and what the first imports."""
    outside = ["--outside"] if title.endswith("outside") else []
    words = ["--json", "--timeout", "10", *outside, SITE]
    argv = [sys.executable, "-I", __file__]
    asked = [*argv, "alternate", str(times), ",".join(variants), *words]
    medians = []
    for name, measured in json.loads(host.run(asked, timeout=900, check=True).stdout).items():
        cpu, wall, verdicts = zip(*measured, strict=True)
        medians.append(statistics.median(cpu))
        print(
            f"  {title + ', ' + name:36} {min(cpu):12.1f} {medians[-1]:8.1f} {min(wall):14.1f}"
            f" {statistics.median(wall):8.1f}  {', '.join(sorted(set(verdicts)))}"
        )
    listed = json.loads(host.run([*argv, "imported", *words], timeout=90, check=True).stdout)
    theirs = [name for name in listed if "cloud" in name or name.startswith("boto")]
    print(
        f"    it takes {medians[0] - medians[1]:+.1f} ms of CPU (median); {len(listed)} modules are"
        f" imported, of them with clouds have to do: {', '.join(theirs) or 'none'}"
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
        alternate(int(sys.argv[2]), sys.argv[3].split(","), sys.argv[4:])
    elif sys.argv[1:2] == ["imported"]:
        imported(sys.argv[2:])
    else:
        sys.exit(main())
