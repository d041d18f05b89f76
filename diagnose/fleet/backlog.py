"""Targets that wait for their turn. Each belongs to a key, such as a registered domain; only a few
of one key are at work at the same time, and one that has to wait holds up no other."""

from collections import Counter, defaultdict, deque
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Backlog(Generic[Job]):
    """A queue that passes over the keys of which enough jobs are at work. Every operation takes
    the same time, however many jobs wait."""

    def __init__(self, per_key: int) -> None:
        self._per_key = per_key
        self._ready: deque[tuple[str, Job]] = deque()
        self._blocked: defaultdict[str, deque[Job]] = defaultdict(deque)
        self._active: Counter[str] = Counter()
        self._size = 0

    def __len__(self) -> int:
        """Return how many jobs wait."""
        return self._size

    def add(self, key: str, job: Job) -> None:
        self._ready.append((key, job))
        self._size += 1

    def take(self) -> tuple[str, Job] | None:
        """Return the first job that may start, and its key; None if there is none."""
        while self._ready:
            key, job = self._ready.popleft()
            if self._active[key] < self._per_key:
                self._active[key] += 1
                self._size -= 1
                return key, job
            self._blocked[key].append(job)
        return None

    def release(self, key: str) -> None:
        """Say that a job of this key has ended."""
        self._active[key] -= 1
        if not self._active[key]:
            del self._active[key]
        if waiting := self._blocked.get(key):
            self._ready.appendleft((key, waiting.popleft()))
            if not waiting:
                del self._blocked[key]
