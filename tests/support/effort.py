"""How much is tried: a sample in `make test`, everything in `make test-all`."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import settings

#: Everything is to be tried (`make test-all`).
ALL = os.environ.get("DIAGNOSE_ALL", "") not in {"", "0"}

#: So many times more examples where everything is to be tried.
FACTOR = 10 if ALL else 1

Test = TypeVar("Test", bound=Callable[..., Any])


def examples(count: int) -> Callable[[Test], Test]:
    """So many examples in `make test`, where Hypothesis' 100 are too many or too few.

    It is the only setting that a test has for itself: the rest is the suite's (conftest.py).
    """
    return settings(max_examples=count * FACTOR)
