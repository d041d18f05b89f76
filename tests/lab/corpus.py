"""The corpus: any tool tried on the laboratory's scenarios. Who names what, false alarms included.

    python -m tests.lab corpus [SCENARIO ...] [--sample N] [--healthy N] [--tool NAME ...] [--words]

A tool is an adapter of a few lines: the commands that its user would type, and what its output
says (`corpus_tools`). Each tool gets every scenario, also one about what it does not look at: then
"missed" is no fault of the tool, and still what its user is told. An outcome is one of

    cause        it names the root cause that the scenario expects from there
    other        it names another cause
    symptom      it says that something is wrong, and not what
    missed       it says that all is well, and something is wrong
    unseen       it says that all is well; something is wrong that does not show from there
    well         nothing is wrong, and it says so
    false alarm  nothing is wrong, and it says that something is
    unsure       it says neither

What is expected stands in the scenarios, in the words of diagnose's own checks. Whose messages mean
the same is in the table `corpus_tools.MESSAGES`: judge the sums with that in mind.
"""

import argparse
import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit
from zlib import crc32

from . import site
from .corpus_tools import TOOLS, Answer, Tool, Visit, installed
from .lab import Lab, missing
from .scenario import Scenario, found

Outcome = Literal["cause", "other", "symptom", "missed", "unseen", "well", "false alarm", "unsure"]
OUTCOMES: tuple[Outcome, ...] = (
    "cause", "other", "symptom", "missed", "unseen", "well", "false alarm", "unsure",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario: what each tool answered, and how that is judged."""

    scenario: Scenario
    answers: dict[str, Answer]
    outcomes: dict[str, Outcome]


def visit_of(scenario: Scenario) -> Visit:
    """What a user of any tool is asked to look at."""
    url = scenario.target if "//" in scenario.target else f"https://{scenario.target}/"
    parts = urlsplit(url)
    is_tls = parts.scheme in {"https", "wss"}
    words = iter(scenario.args)
    websockets = [next(words, "/") for word in words if word == "--ws"]
    if parts.scheme in {"ws", "wss"}:
        websockets.append(parts.path or "/")
    host = parts.hostname or site.NAME
    return Visit(
        host=host,
        port=parts.port or (443 if is_tls else 80),
        tls=is_tls,
        path="/" if parts.scheme in {"ws", "wss"} else parts.path or "/",
        websockets=tuple(websockets),
        target=scenario.target,
        args=scenario.args,
    )


def outcome(
    answer: Answer, expected: str | None, is_healthy: bool, also: Iterable[str] = ()
) -> Outcome:
    """Judge an answer. `expected` is the root cause that can be named from there, None if there is
    none. `is_healthy` is whether nothing is wrong anywhere; `also` may be named besides."""
    if answer.failed is None:
        return "unsure"
    if is_healthy:
        return "false alarm" if answer.failed else "well"
    if not answer.failed:
        return "missed" if expected else "unseen"
    if expected in answer.causes:
        return "cause"
    return "other" if answer.concludes and set(answer.causes) - set(also) else "symptom"


def sample(scenarios: Sequence[Scenario], count: int) -> list[Scenario]:
    """The same share in each run: every layer in turn, in an order by checksum."""
    layers: dict[str, list[Scenario]] = {}
    for scenario in sorted(scenarios, key=lambda one: crc32(one.name.encode())):
        layers.setdefault(scenario.layer, []).append(scenario)
    chosen: list[Scenario] = []
    while len(chosen) < count and any(layers.values()):
        chosen += [waiting.pop(0) for waiting in layers.values() if waiting]
    return chosen[:count]


def sample_with_healthy(scenarios: Sequence[Scenario], count: int, healthy: int) -> list[Scenario]:
    """A sample, and more healthy sites: there are few in it, and false alarms show on them."""
    chosen = sample(scenarios, count)
    rest = [scenario for scenario in scenarios if scenario.healthy and scenario not in chosen]
    return chosen + sample(rest, healthy)


def play(
    lab: Lab, scenario: Scenario, tools: Sequence[Tool], note: Callable[[str], None]
) -> Row | None:
    """Make the fault and let each tool look at it. None if it cannot be played here."""
    if why := scenario.obstacle() or scenario.obstacle_on(lab.platform):
        note(f"{scenario}: left out: {why}")
        return None
    lab.restore(ipv6=scenario.ipv6)
    scenario.apply(lab)
    answers: dict[str, Answer] = {}
    outcomes: dict[str, Outcome] = {}
    for tool in tools:
        if tool.applies(visit_of(scenario)):
            lab.let_icmp_recover()
            host = lab.server if tool.side == "server" else lab.client
            answer = tool.ask(host, visit_of(scenario))
            answers[tool.name] = answer
            expected = scenario.expected[tool.side]
            outcomes[tool.name] = outcome(answer, expected, scenario.healthy, scenario.also)
    return Row(scenario, answers, outcomes)


def heading(names: Sequence[str]) -> str:
    """The first two lines of the Markdown table of the scenarios."""
    columns = f"| scenario | cause: outside / on the server | {' | '.join(names)} |"
    return f"{columns}\n|{'---|' * (2 + len(names))}"


def table_row(row: Row, names: Sequence[str]) -> str:
    """One scenario as a line of the table."""
    outside, server = row.scenario.expected["client"], row.scenario.expected["server"]
    cause = f"{outside or '-'} / {server or '-'}" if outside != server else outside or "-"
    cells = (str(row.outcomes.get(name, "")) for name in names)
    return f"| `{row.scenario}` | {cause} | {' | '.join(cells)} |"


def sums_table(rows: Sequence[Row], names: Sequence[str]) -> Iterator[str]:
    """How often each tool had each outcome, as a Markdown table."""
    yield f"| outcome | {' | '.join(names)} |"
    yield f"|{'---|' * (1 + len(names))}"
    sums = {name: Counter(row.outcomes.get(name) for row in rows) for name in names}
    for kind in OUTCOMES:
        yield f"| {kind} | {' | '.join(str(sums[name][kind]) for name in names)} |"


def said(rows: Sequence[Row]) -> Iterator[str]:
    """What each tool said of each scenario, on one line."""
    for row in rows:
        yield f"\n{row.scenario}: {row.scenario.words}"
        for name, answer in row.answers.items():
            yield f"  {name:18} {row.outcomes[name]:11} {answer.words[:150]}"


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab corpus", usage=__doc__)
    parser.add_argument("scenario", nargs="*")
    parser.add_argument(
        "--sample", type=int, default=0, help="so many of all, a share of each layer"
    )
    parser.add_argument("--healthy", type=int, default=0, help="so many more with nothing wrong")
    parser.add_argument("--tool", action="append", choices=[tool.name for tool in TOOLS])
    parser.add_argument("--words", action="store_true")
    options = parser.parse_args(words)
    if lacking := missing():
        sys.exit(f"The laboratory needs {', '.join(lacking)}.")
    known = found()
    if wrong := [name for name in options.scenario if name not in known]:
        sys.exit(f"There is no scenario {wrong[0]!r}: python -m tests.lab list names them.")
    chosen = [known[name] for name in options.scenario] or list(known.values())
    if options.sample:
        chosen = sample_with_healthy(chosen, options.sample, options.healthy)
    tools = [tool for tool in TOOLS if not options.tool or tool.name in options.tool]
    return run(chosen, [tool for tool in tools if installed(tool)], options.words)


def run(scenarios: Sequence[Scenario], tools: Sequence[Tool], words: bool) -> int:
    def note(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    rows: list[Row] = []
    names = [tool.name for tool in tools]
    # Each row at once: a run of an hour that is cut off has shown what it measured.
    print(heading(names), flush=True)
    with contextlib.suppress(KeyboardInterrupt), Lab() as lab:
        for number, scenario in enumerate(scenarios, 1):
            note(f"{number} of {len(scenarios)}: {scenario}")
            if row := play(lab, scenario, tools, note):
                rows.append(row)
                print(table_row(row, names), flush=True)
    print("", *sums_table(rows, names), sep="\n")
    print("\n".join(said(rows)) if words else "")
    return 0
