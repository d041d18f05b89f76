"""The budget of one run for further requests: for what a browser loads after the page, and for
controls of an answer.

A further request goes only to the target's own origin, or to another one that is known to be the
same server's (`add_own`), only after the main answer is known, and ends before the run does. All
probes of a run share one budget: `ProbeContext.further_requests`.

    allowance = ctx.further_requests.reserve(ctx, url, max_bytes=65536)
    if allowance is not None:
        …  # one request: at most allowance.bytes of its body, at most allowance.seconds
        ctx.further_requests.give_back(allowance, received)

Another page of the site that visitors ask for can be diagnosed like the target, after it:

    ctx.further_requests.diagnose_later(OtherRequest(path="/orders", …))
"""

from typing import TYPE_CHECKING

from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.parsers.request_fields import is_own_origin

if TYPE_CHECKING:
    from diagnose.model.other_requests import OtherRequest
    from diagnose.probes import ProbeContext

#: Maximum number of further requests in one run, and bytes of their bodies together.
MAX_REQUESTS, MAX_BYTES = 12, 2 << 20

#: Seconds: from the first further request to the end of the last, the longest time of one, and the
#: time that the run needs after it.
MAX_TOTAL, MAX_EACH, RESERVE = 5.0, 3.0, 1.0

#: Seconds from the first further request to the end of the last that repeats a visitor's: on a busy
#: machine the logs are read late.
MAX_LOGGED = 10.0

#: What the probes ask that look for visitors' requests in logs, once in a run.
NGINX_ACCESS_LOG, NGINX_ERROR_LOG, SERVER_ACCESS_LOG = VISITORS_LOGS = (
    "nginx's access log",
    "nginx's error log",
    "the server's access log",
)

#: Seconds. With less time than this, a request is not begun.
_MIN_TIME = 0.3


@frozen
class Allowance:
    """What one further request may use: bytes of its body, and seconds until its end."""

    bytes: int
    seconds: float


class FurtherRequests:
    """What is left of a run's budget."""

    def __init__(self) -> None:
        self._requests, self._bytes = MAX_REQUESTS, MAX_BYTES
        self._first_at: float | None = None
        self._begun: set[str] = set()
        self._own_origins: set[str] = set()
        self._later: dict[tuple[str, ...], OtherRequest] = {}

    def begin(self, question: str) -> bool:
        """Return True the first time in a run that this question is asked."""
        is_new = question not in self._begun
        self._begun.add(question)
        return is_new

    def add_own(self, origin: str) -> None:
        """Allow requests to an origin that the target's own server serves too."""
        self._own_origins.add(origin)

    def reserve(
        self,
        ctx: "ProbeContext",
        url: str,
        max_bytes: int,
        layer: str = "http",
        total: float = MAX_TOTAL,
    ) -> Allowance | None:
        """Reserve one request and up to `max_bytes` of its body, or return None if there must be no
        request.

        `layer` is the layer that asks the question: `--only` and `--skip` may exclude it. `total`
        are the seconds from the first further request in which it has to end.
        """
        if not ctx.options.wants(layer) or not self._is_own(ctx, url):
            return None
        if not self._requests or not self._bytes or not _is_answered(ctx):
            return None
        seconds = self._time_left(ctx, total)
        if seconds < _MIN_TIME:
            return None
        if self._first_at is None:
            self._first_at = ctx.elapsed()
        allowance = Allowance(min(max_bytes, self._bytes), seconds)
        self._requests -= 1
        self._bytes -= allowance.bytes
        return allowance

    def give_back(self, allowance: Allowance, received: int) -> None:
        """Return the bytes that a response did not need."""
        self._bytes += max(0, allowance.bytes - received)

    def diagnose_later(self, request: "OtherRequest") -> None:
        """Have another page of the site diagnosed after the target, the first request of a path as
        it was made. Whether it is, and how many are, is the engine's decision."""
        key = (request.elsewhere, request.path, request.origin)
        self._later.setdefault(key, request)

    @property
    def other_pages(self) -> "tuple[OtherRequest, ...]":
        """The other pages that are to be diagnosed, the first that was named first."""
        return tuple(self._later.values())

    def _is_own(self, ctx: "ProbeContext", url: str) -> bool:
        origin = "/".join(url.split("/", 3)[:3])
        return is_own_origin(ctx.target, url) or origin in self._own_origins

    def _time_left(self, ctx: "ProbeContext", total: float) -> float:
        now = ctx.elapsed()
        first_at = now if self._first_at is None else self._first_at
        return min(MAX_EACH, first_at + total - now, ctx.options.timeout - RESERVE - now)


def _is_answered(ctx: "ProbeContext") -> bool:
    """Whether the target itself has answered a request."""
    return any(
        exchange.purpose == "target" and exchange.status is not None
        for exchange in ctx.observed(Exchange)
    )
