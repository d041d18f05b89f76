"""Probes look and never judge.

A probe is a function that is started once at the beginning, or, with `after`, once for every
observation of a kind, the moment it is seen. It says what it sees with `look.see(…)`. There
is no order among probes besides what each has to wait for.

    @probe()
    async def resolve(look: Look) -> None: …

    @probe(after=Connection)
    async def handshake(look: Look, seen: Connection) -> None: …

A connection is used for all that can be seen on it: `look.see(observation, live=stream)`
offers the open stream to the probes that follow, `look.take(observation)` takes it over. What
nobody takes the run closes at its end.
"""

import shlex
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from diagnose.machine import Machine
from diagnose.model import Observation, Scope, Target
from diagnose.model.frozen import frozen
from diagnose.net import Net
from diagnose.parsers.request_fields import RequestFields

#: The modules that hold probes, in the order in which a run needs them.
OUTSIDE = ("dns", "tcp", "tls", "http", "websocket")
#: Those that look once more from within the server, where its door is shut to us.
SERVER_SIDE = ("tls", "http", "websocket")
INSIDE = (
    "system",
    "nginx",
    "firewall",
    "containers",
    "netfilter",
    "bans",
    "kernel",
    "nginx_files",
    "other_nginx",
    "renewals",
    "logs",
    "unincluded_sites",
    "upstream_connect",
    "upstream_requests",
    "server_side_entry",
)

#: Seconds. No run is allowed more.
MAX_TIMEOUT = 3600.0

ObservationT = TypeVar("ObservationT", bound=Observation)


def diagnose_command(target: Target, *words: str) -> str:
    """The command that looks at a target and its WebSockets, with these words of the command
    line."""
    own_paths = {target.path} if target.scheme in {"ws", "wss"} else set()
    websocket_args = [
        argument
        for path in target.websockets
        if path not in own_paths
        for argument in ("--ws", path)
    ]
    return shlex.join(["diagnose", target.url, *websocket_args, *words])


@frozen
class Options:
    """How to look. Seconds; None and () mean: as usual."""

    outside: bool = True
    inside: bool | None = None
    timeout: float = 15.0
    family: int | None = None
    address: str | None = None
    resolver: str | None = None
    cafile: str | None = None
    server: str | None = None
    proxy: str | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    visitor: str | None = None
    request: RequestFields = RequestFields()

    @property
    def by_proxy(self) -> bool:
        """Whether the connections are made by a proxy."""
        return self.proxy not in {None, "none"}

    @property
    def scope(self) -> Scope:
        """What is to be judged."""
        return Scope(self.outside, self.only, self.skip, self.family)

    def wants(self, layer: str) -> bool:
        return self.scope.wants(layer)

    @property
    def rerun_args(self) -> tuple[str, ...]:
        """The words of the command line without which another run would look at something else."""
        words: list[str] = []
        for name in ("server", "address", "resolver", "cafile"):
            if value := getattr(self, name):
                words += [f"--{name}", value]
        if self.proxy is not None:
            from diagnose.parsers.proxy_url import masked

            words += ["--proxy", self.proxy if self.proxy == "none" else masked(self.proxy)]
        words += [f"-{self.family}"] if self.family else []
        words += ["--from", self.visitor] if self.visitor else []
        words += self.request.arguments()
        return tuple(words)

    @property
    def filter_args(self) -> tuple[str, ...]:
        """The words of the command line that leave something out."""
        side_args = (
            ("--inside",) if not self.outside else ("--outside",) if self.inside is False else ()
        )
        layer_filters = (("--only", self.only), ("--skip", self.skip))
        layer_args = (
            argument
            for name, names in layer_filters
            if names
            for argument in (name, ",".join(names))
        )
        return (*side_args, *layer_args)


class Closable(Protocol):
    """Something alive that a run ends if nobody else does."""

    def close(self) -> None: ...


class ProbeContext(Protocol):
    """What a probe is given."""

    target: Target
    options: Options
    net: Net

    @property
    def machine(self) -> Machine:
        """The door to the server; only inside probes use it."""
        ...

    def elapsed(self) -> float:
        """Seconds since the start of the run."""
        ...

    def emit(self, observation: ObservationT, live_stream: Closable | None = None) -> ObservationT:
        """Say what was seen, at once; `live` is offered to whoever takes it."""
        ...

    def take_stream(self, observation: Observation) -> Any:
        """The live thing that came with an observation, to the first who asks; else None."""
        ...

    def observed(self, kind: type[ObservationT]) -> tuple[ObservationT, ...]:
        """What has been seen of a kind so far."""
        ...

    def from_server(self, address: str) -> "ProbeContext | None":
        """The same look from within the server, where connections to this address of its own are
        made on it; None where that was asked for before."""
        ...

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Do something beside this. The run waits for it, within its deadline."""
        ...


ProbeFunction = Callable[..., Awaitable[None]]


@frozen
class Probe:
    """A function that looks, and what it waits for."""

    name: str
    after: type[Observation] | None
    work: ProbeFunction


def probe(after: type[Observation] | None = None) -> Callable[[ProbeFunction], Probe]:
    """Make a function a probe."""

    def decorator(work: ProbeFunction) -> Probe:
        return Probe(
            f"{work.__module__.removeprefix('diagnose.probes.')}.{work.__name__}", after, work
        )

    return decorator
