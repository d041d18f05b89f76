"""How much is tried: a sample in `make test`, everything in `make test-all`."""

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from zlib import crc32

from hypothesis import settings

#: Everything is to be tried (`make test-all`).
ALL = os.environ.get("DIAGNOSE_ALL", "") not in {"", "0"}

#: So many times more examples where everything is to be tried.
FACTOR = 10 if ALL else 1

Test = TypeVar("Test", bound=Callable[..., Any])
Case = TypeVar("Case")


def taken(name: object, share: int) -> bool:
    """Whether this one is among one in `share`, the same in each run; everything with ALL."""
    return ALL or crc32(str(name).encode()) % share == 0


def sample(cases: Iterable[Case], count: int, name: Callable[[Case], str] = str) -> list[Case]:
    """So many of the cases, the same in each run and spread by a checksum of their names; all of
    them with ALL. A number, not a share: `make test` does not grow with the cases."""
    known = list(cases)
    if ALL:
        return known
    chosen = sorted(range(len(known)), key=lambda index: crc32(name(known[index]).encode()))
    return [known[index] for index in sorted(chosen[:count])]


def examples(count: int) -> Callable[[Test], Test]:
    """So many examples in `make test`, where Hypothesis' 100 are too many or too few.

    It is the only setting that a test has for itself: the rest is the suite's (conftest.py).
    """
    return settings(max_examples=count * FACTOR)
