"""python -m tests.lab witness [SCENARIO ...]

Plays the scenarios about firewalls and listeners with tracefs mounted on the server, so that the
kernel is asked. One line each: the cause that is named, what the kernel says of our packets, and
where rules and kernel disagree. The status is 1 if they disagree anywhere. Generated rulesets are
compared by test_kernel_fates.py.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .lab import SERVER, Lab, missing
from .report import Report
from .scenario import Scenario, found

#: The files of scenarios whose faults a packet filter or a listener makes.
FAMILIES = (
    "firewall", "firewall_rules", "netfilter", "netfilter_healthy", "listener", "kernel", "tcp",
    "visitor", "containers",
)  # fmt: skip
TRACING = "/sys/kernel/tracing"
DEADLINE = 40


@dataclass(frozen=True)
class Testimony:
    """What a run from the client with a look into the server says of a scenario. `unknown` is why
    the kernel was not asked, "" if it was or there was no reason to."""

    causes: tuple[str, ...]
    drops: tuple[str, ...]
    disagreements: tuple[str, ...]
    unknown: str = ""
    is_expected: bool = True

    def __str__(self) -> str:
        causes = ", ".join(self.causes) or "healthy"
        drops = "; ".join(self.drops) or (f"not asked: {self.unknown}" if self.unknown else "-")
        expected = "" if self.is_expected else "  ANOTHER CAUSE"
        disagreements = "".join(f"  DISAGREES: {text}" for text in self.disagreements)
        return f"{causes} | {drops}{expected}{disagreements}"


def scenarios() -> list[Scenario]:
    """The scenarios of these families."""
    modules = {f"{__package__}.scenarios.{name}" for name in FAMILIES}
    return [scenario for scenario in found().values() if scenario.apply.__module__ in modules]


def obstacle(lab: Lab, scenario: Scenario) -> str:
    return scenario.obstacle() or scenario.obstacle_on(lab.platform)


def play(lab: Lab, scenario: Scenario) -> Testimony:
    """Make the fault, and have the client look with tracefs mounted on the server."""
    lab.restore(ipv6=scenario.ipv6)
    scenario.apply(lab)
    lab.undo(lambda: lab.server.sh(f"umount {TRACING}"))
    lab.server.sh(f"mount -t tracefs tracefs {TRACING}")
    words = ("--json", "--timeout", str(DEADLINE), "--server", f"ssh://root@{SERVER}")
    report = Report.of("both", lab.diagnose(lab.client, *words, *scenario.args, scenario.target))
    return testimony(scenario, report)


def testimony(scenario: Scenario, report: Report) -> Testimony:
    expected = scenario.expected["both"]
    named = [cause for cause in report.causes if cause not in scenario.also]
    return Testimony(
        tuple(report.causes),
        drops(report),
        tuple(
            finding["title"]
            for finding in report.findings
            if finding["check"] == "firewall.kernel-disagrees"
        ),
        next((item["why"] for item in report.document["unknown"] if "kernel" in item["what"]), ""),
        named == ([expected] if expected else []),
    )


def drops(report: Report) -> tuple[str, ...]:
    """Each KernelDrop in a few words."""
    kernel_drops = [one for one in report.document["observations"] if one["kind"] == "KernelDrop"]
    return tuple(
        f"{drop['packet']} {drop['reason']} {drop['function']} x{drop['count']}"
        for drop in kernel_drops
    )


def play_all(chosen: Sequence[Scenario]) -> Iterator[Testimony]:
    """Play each scenario in one laboratory, and print its line."""
    with Lab() as lab:
        for scenario in chosen:
            if why := obstacle(lab, scenario):
                print(f"{scenario.name:48} not played: {why}", flush=True)
                continue
            begun = time.monotonic()
            told = play(lab, scenario)
            print(f"{scenario.name:48} {told} ({time.monotonic() - begun:.0f} s)", flush=True)
            yield told


def summary(testimonies: Sequence[Testimony]) -> str:
    counts = Counter[str]()
    for told in testimonies:
        counts["with the kernel's word"] += bool(told.drops)
        counts["kernel not asked"] += bool(told.unknown)
        counts["disagree"] += bool(told.disagreements)
        counts["with another cause"] += not told.is_expected
    words = (f"{count} {name}" for name, count in counts.items())
    return f"{len(testimonies)} scenarios played: {', '.join(words)}"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("scenario", nargs="*")
    options = parser.parse_args(words)
    if lacking := missing():
        sys.exit(f"The laboratory needs {', '.join(lacking)}.")
    names = set(options.scenario)
    if names - set(found()):
        sys.exit(f"No scenario is called {', '.join(sorted(names - set(found())))}.")
    chosen = [found()[name] for name in options.scenario] or scenarios()
    testimonies = list(play_all(chosen))
    print(summary(testimonies))
    return int(any(told.disagreements or not told.is_expected for told in testimonies))
