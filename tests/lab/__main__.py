"""python -m tests.lab list
python -m tests.lab shell [SCENARIO]                       a laboratory to walk about in
python -m tests.lab run SCENARIO [--on HOST] -- COMMAND    one command, on client and server
python -m tests.lab corpus [SCENARIO ...] [--sample N]     other tools on the scenarios, as a table
python -m tests.lab witness [SCENARIO ...]                 what the kernel says of each, as a table
python -m tests.lab metrics [SCENARIO ...] [--sample N]    `diagnose serve` beside blackbox_exporter

--platform NAME: on a server that systemd boots, laid out like that (tests/lab/platforms.py).
"""

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.support.closed_pipe import ends_with_its_reader

from . import corpus, kernel_witness, metrics
from .hosts import PATH, REPOSITORY, environment
from .lab import Lab, missing
from .platforms import PLATFORMS, TODAY, Platform
from .scenario import Scenario, found

HEALTHY = "healthy"


def choose(name: str) -> Scenario | None:
    if name == HEALTHY:
        return None
    known = found()
    alike = [other for other in known if name in other]
    if name not in known and len(alike) != 1:
        sys.exit(f"Which scenario? {', '.join(alike) or f'none has {name!r} in its name'}")
    return known.get(name) or known[alike[0]]


def apply(lab: Lab, scenario: Scenario | None) -> None:
    if scenario is None:
        return
    if why := scenario.needs() or scenario.obstacle_on(lab.platform):
        sys.exit(f"{scenario}: {why}")
    if scenario.ipv6:
        lab.restore(ipv6=True)
    scenario.apply(lab)


def listing() -> None:
    for scenario in found().values():
        outside, server = scenario.outside or "-", scenario.server or "-"
        print(f"{scenario.layer:12} {scenario.name:40} {outside:36} {server}")


def shell(scenario: Scenario | None, platform: Platform) -> None:
    with tempfile.TemporaryDirectory(prefix="lab-") as folder, Lab(platform) as lab:
        apply(lab, scenario)
        if scenario:
            print(f"{scenario}: {scenario.words}")
            print(f"expected: outside {scenario.outside}, on the server {scenario.server}")
        print(f"diagnose {' '.join([scenario.target, *scenario.args])}\n" if scenario else "")
        for host in lab.hosts:
            path = Path(folder, host.name)
            variables = f'HOME=/root TERM="$TERM" LANG=C.UTF-8 PATH={PATH}'
            enter = f"exec nsenter -t {host.pid} -a env -i {variables}"
            path.write_text(f'#!/bin/sh\n[ $# = 0 ] && set -- bash --norc\n{enter} "$@"\n')
            path.chmod(0o755)
            print(f"{path} [COMMAND]   # on the {host.name}: nsenter -t {host.pid} -a")
        print("\nEnter or SIGTERM ends it.", flush=True)
        wait()


def wait() -> None:
    """Until a line comes in, or a signal. The end of input (`&`, `< /dev/null`) is neither."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, lambda *_: ended.set())

    def line() -> None:
        if sys.stdin.readline():
            ended.set()

    threading.Thread(target=line, daemon=True).start()
    ended.wait()


def run(scenario: Scenario | None, names: list[str], command: list[str], platform: Platform) -> int:
    status = 0
    with Lab(platform) as lab:
        apply(lab, scenario)
        for host in lab.hosts:
            if host.name in names:
                if len(names) > 1:
                    print(f"--- {host.name}", flush=True)
                inside = host.entering(command)
                done = subprocess.run(inside, env=environment(), cwd=REPOSITORY, check=False)
                status = status or done.returncode
    return status


def main() -> int:
    words = sys.argv[1:]
    if words[:1] == ["corpus"]:
        return corpus.main(words[1:])
    if words[:1] == ["metrics"]:
        return metrics.main(words[1:])
    if words[:1] == ["witness"]:
        return kernel_witness.main(words[1:])
    command: list[str] = []
    if "--" in words:
        command = words[words.index("--") + 1 :]
        words = words[: words.index("--")]
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what", choices=("list", "shell", "run"))
    parser.add_argument("scenario", nargs="?", default=HEALTHY)
    parser.add_argument("--on", action="append", choices=("client", "router", "server"))
    known = {platform.name: platform for platform in (TODAY, *PLATFORMS)}
    parser.add_argument("--platform", choices=known, default=TODAY.name)
    options = parser.parse_args(words)
    platform = known[options.platform]
    if options.what == "list":
        listing()
        return 0
    if lacking := missing():
        sys.exit(f"The laboratory needs {', '.join(lacking)}.")
    scenario = choose(options.scenario)
    if options.what == "shell":
        shell(scenario, platform)
        return 0
    names = options.on or ["client", "server"]
    return run(scenario, names, command or ["diagnose", *arguments(scenario)], platform)


def arguments(scenario: Scenario | None) -> list[str]:
    """Without a command: what the test would ask."""
    if scenario is None:
        return ["https://shop.example.com/"]
    return [*scenario.args, scenario.target]


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt), ends_with_its_reader():
        sys.exit(main())
