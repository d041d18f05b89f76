"""`python -m tests.hostile [WORD …]`: look at every hostile server whose name holds the words."""

import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.closed_pipe import ends_with_its_reader

from .families import servers
from .running import Authority, Outcome, look


def main(words: list[str]) -> int:
    chosen = [one for one in servers() if all(word in one.name for word in words)]
    bad, states = 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        authority = Authority(Path(folder))
        for outcome in pool.map(lambda server: look(server, authority), chosen):
            _tell(outcome)
            bad += bool(outcome.problems)
            states[outcome.status] += 1
    sys.stdout.write(f"{len(chosen)} servers, {bad} with problems, {dict(states)}\n")
    return bad > 0


def _tell(outcome: Outcome) -> None:
    causes = " ".join(outcome.causes)
    sys.stdout.write(f"{outcome.status:8} {outcome.memory >> 10:3} MiB  {outcome.name}  {causes}\n")
    for problem in outcome.problems:
        sys.stdout.write(f"         {problem}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with ends_with_its_reader():
        sys.exit(main(sys.argv[1:]))
