"""The latest results, for /logs and the start page. Failures are kept longer than successes."""

from collections import deque
from collections.abc import Callable, Iterator

from diagnose.model.frozen import frozen


@frozen
class Result:
    """The result of one probe. `debug_output` returns what debug=true would have answered."""

    id: int
    module: str
    target: str
    success: bool
    debug_output: Callable[[], str]


class History:
    """The latest `limit` results, and as many failures that are older."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._next_id = 0
        self._results: deque[Result] = deque()
        self._old_failures: deque[Result] = deque(maxlen=limit)

    def add(self, module: str, target: str, success: bool, debug_output: Callable[[], str]) -> None:
        result = Result(self._next_id, module, target, success, debug_output)
        self._next_id += 1
        self._results.append(result)
        if len(self._results) > self._limit:
            oldest = self._results.popleft()
            if not oldest.success:
                self._old_failures.append(oldest)

    def __iter__(self) -> Iterator[Result]:
        """Yield the results, the oldest first."""
        yield from self._old_failures
        yield from self._results

    def by_id(self, number: int) -> Result | None:
        return next((result for result in self if result.id == number), None)

    def by_target(self, target: str, module: str = "") -> Result | None:
        """Return the latest result of a target, and of a module if it is named."""
        matching = [
            result for result in self if result.target == target and module in {"", result.module}
        ]
        return matching[-1] if matching else None
