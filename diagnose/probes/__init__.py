"""Probes collect observations; they never judge them.

A probe is a function that runs once at the start or, with `after`, once for every observation of
a type, as soon as it is emitted. With `needs` it also waits for the first observation of another
type, and receives both. A probe reports what it observes with `ctx.emit(…)`. Probes have no other
order than this.

    @probe()
    async def resolve(ctx: ProbeContext) -> None: …

    @probe(after=Connection)
    async def handshake(ctx: ProbeContext, connection: Connection) -> None: …

    @probe(after=Page, needs=NginxConfig)
    async def upload_folder(ctx: ProbeContext, page: Page, config: NginxConfig) -> None: …

Several probes can use one connection: `ctx.emit(observation, live_stream=stream)` offers the open
stream to later probes, and `ctx.take_stream(observation)` takes it over. The run closes every
stream that no probe took.
"""

import shlex
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from diagnose.machine import Machine
from diagnose.model import Ignore, Observation, Scope, Side, Target, Unseen, Vantage
from diagnose.model.frozen import frozen
from diagnose.net import Net
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes.further_requests import FurtherRequests

if TYPE_CHECKING:
    from diagnose.machine.container import ContainerMachine

#: The modules that contain probes, in the order in which a run needs them.
OUTSIDE = ("dns", "tcp", "tls", "http", "websocket")
#: The outside modules that also run from the server, if its port is closed to this machine.
SERVER_SIDE = ("tls", "http", "websocket")
#: The outside modules that run only with `--vantage`, `--origin-address` or `--cloud`.
VANTAGES = {"ssh": "vantages", "globalping": "globalping"}
ORIGIN, CLOUD = "origin", "cloud"
INSIDE = (
    "system",
    "nginx",
    "web_servers",
    "haproxy_backends",
    "haproxy_other_backends",
    "other_applications",
    "backends",
    "backend_visits",
    "backend_logins",
    "kept_connections",
    "backend_schemes",
    "backend_hosts",
    "base_path_fields",
    "inner_nginx",
    "container_nginx",
    "container_logs",
    "container_pages",
    "upstream_certificates",
    "upgrade_protocols",
    "site_folders",
    "handled_paths",
    "server_logs",
    "failed_services",
    "program_logs",
    "program_requests",
    "logged_reasons",
    "running_needs",
    "setting_lines",
    "own_settings",
    "application_services",
    "firewall",
    "containers",
    "netfilter",
    "bans",
    "kernel",
    "kernel_drops",
    "port_holders",
    "passed_ports",
    "descriptors",
    "unmounted_folders",
    "unit_rules",
    "running_programs",
    "tunnels",
    "nginx_files",
    "other_nginx",
    "program_certificates",
    "program_tls",
    "large_files",
    "renewals",
    "logs",
    "access_logs",
    "server_access_logs",
    "page_files",
    "target_files",
    "newer_files",
    "sibling_files",
    "project_files",
    "script_containers",
    "script_files",
    "fallback_files",
    "hidden_pages",
    "precompressed_files",
    "upload_folders",
    "unincluded_sites",
    "upstream_connect",
    "upstream_groups",
    "upstream_requests",
    "upstream_bodies",
    "upstream_comparisons",
    "logged_comparisons",
    "logged_preflights",
    "origin_controls",
    "compressed_pages",
    "bypassed_applications",
    "neighbour_applications",
    "other_listeners",
    "upstream_protocols",
    "page_websockets",
    "websocket_retries",
    "connection_options",
    "server_side_entry",
    "local_answers",
    "resolver_answers",
    "container_names",
    "undone_fixes",
)
#: The inside modules that have nothing to do before a connection or a handshake from here fails, or
#: `--cloud` asks.
AFTER_FAILURE = (
    "other_ports",
    "cloud",
    "own_tls_versions",
    "returned_connections",
    "proxy_headers",
)

#: Maximum duration of a run, in seconds.
MAX_TIMEOUT = 3600.0

ObservationT = TypeVar("ObservationT", bound=Observation)


def diagnose_command(target: Target, *words: str) -> str:
    """Return the command that diagnoses a target and its WebSockets; `words` are further
    arguments."""
    own_paths = {target.path} if target.is_websocket else set()
    websocket_args = [
        argument
        for path in target.websockets
        if path not in own_paths
        for argument in ("--ws", path)
    ]
    return shlex.join(["diagnose", target.url, *websocket_args, *words])


@frozen
class Options:
    """Options of a run. Times are in seconds; None and () mean the default. `idle` is for how long
    WebSockets are held in silence. `cloud` allows to ask the API of a cloud provider with the
    user's credentials, `cloud_role` with those of the instance's role too. `vantages` are other
    places that visit the target ("ssh://…", "globalping"); `origin_address` is the server behind a
    CDN or a balancer. `ignores` are the checks whose findings do not count. A bare name may stand
    for another address at which this server has the site: `bare_name_remark` is then the remark
    about it in the reader's language, "" if https alone is judged. An address with http that
    redirects to https stands for that one where it fails: `redirect_remark` is the remark then."""

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
    idle: float | None = None
    cloud: bool = False
    cloud_role: bool = False
    vantages: tuple[str, ...] = ()
    origin_address: str | None = None
    ignores: tuple[Ignore, ...] = ()
    bare_name_remark: str = ""
    redirect_remark: str = ""

    @property
    def deadline(self) -> float:
        """The seconds after which the run ends: with the time of silence, which begins after the
        answer."""
        return self.timeout + (self.idle or 0.0)

    @property
    def requested_modules(self) -> tuple[str, ...]:
        """The outside modules that run only on request."""
        schemes = dict.fromkeys(name.partition(":")[0] for name in self.vantages)
        origin = (ORIGIN,) if self.origin_address else ()
        cloud = (CLOUD,) if self.cloud else ()
        return (*(VANTAGES[scheme] for scheme in schemes), *origin, *cloud)

    @property
    def by_proxy(self) -> bool:
        """Whether a proxy makes the connections."""
        return self.proxy not in {None, "none"}

    @property
    def scope(self) -> Scope:
        """The part of the target that the checks judge."""
        return Scope(self.outside, self.only, self.skip, self.family, self.idle)

    @property
    def longer_timeout(self) -> str:
        """A timeout in seconds with which the run may finish, as option text."""
        return f"{min(max(30.0, 2 * self.timeout), MAX_TIMEOUT):g}"

    def wants(self, layer: str) -> bool:
        return self.scope.wants(layer)

    @property
    def rerun_args(self) -> tuple[str, ...]:
        """The arguments that another run needs to probe the same thing."""
        words: list[str] = []
        for name in ("server", "address", "resolver", "cafile"):
            if value := getattr(self, name):
                words += [f"--{name}", value]
        if self.proxy is not None:
            from diagnose.parsers.proxy_url import masked

            words += ["--proxy", self.proxy if self.proxy == "none" else masked(self.proxy)]
        for vantage in self.vantages:
            words += ["--vantage", vantage]
        words += ["--origin-address", self.origin_address] if self.origin_address else []
        words += [f"-{self.family}"] if self.family else []
        words += ["--from", self.visitor] if self.visitor else []
        words += ["--idle", f"{self.idle:g}"] if self.idle else []
        words += self.cloud_args
        words += self.request.arguments()
        words += self.ignore_args
        return tuple(words)

    @property
    def ignore_args(self) -> tuple[str, ...]:
        """The arguments that ignore the same findings."""
        return tuple(word for ignore in self.ignores for word in ("--ignore", ignore.argument()))

    @property
    def cloud_args(self) -> tuple[str, ...]:
        """The argument that allows to ask the API of a cloud provider."""
        return ("--cloud-role",) if self.cloud_role else ("--cloud",) if self.cloud else ()

    @property
    def filter_args(self) -> tuple[str, ...]:
        """The arguments that exclude a side or a layer."""
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
    """An open resource that the run closes if no probe does."""

    def close(self) -> None: ...


class ProbeContext(Protocol):
    """What a probe receives: the target, the options, and access to network and server."""

    target: Target
    options: Options
    net: Net
    further_requests: FurtherRequests
    #: The MSS that marks this run's later SYNs (`diagnose.model.tcp.SYN_MARKS`).
    syn_mark: int

    @property
    def machine(self) -> Machine:
        """Access to the server; only inside probes use it."""
        ...

    def elapsed(self) -> float:
        """Seconds since the start of the run."""
        ...

    def emit(self, observation: ObservationT, live_stream: Closable | None = None) -> ObservationT:
        """Record an observation at once; a later probe may take `live_stream`."""
        ...

    def take_stream(self, observation: Observation) -> Any:
        """Return the stream emitted with an observation. Only the first call gets it; else None."""
        ...

    def observed(self, *kinds: type[ObservationT]) -> tuple[ObservationT, ...]:
        """Return the observations of these types so far, in the order in which they were made."""
        ...

    def from_server(self, address: str) -> "ProbeContext | None":
        """Return a context whose connections to this address of the server are made on the server.

        Returns None if it was requested before for the same address.
        """
        ...

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine concurrently. The run waits for it until its deadline."""
        ...

    def enter_container(self, machine: "ContainerMachine") -> "ProbeContext":
        """Return a context whose machine is nginx's container. From now on the probes that look at
        nginx's surroundings get such a context (`diagnose.probes.in_container`)."""
        ...


def emit_not_observed(
    ctx: ProbeContext, subject: str, reason: str, enable: str = "", *, at: float | None = None
) -> None:
    """Record what could not be observed on the server, why, and the command that would allow it.

    `at` is the time of the attempt, in seconds since the start of the run; None means now.
    """
    ctx.emit(
        Unseen(
            vantage=Vantage.SERVER,
            at=ctx.elapsed() if at is None else at,
            what=subject,
            why=reason,
            enable=enable,
        )
    )


ProbeFunction = Callable[..., Awaitable[None]]


def is_first(
    ctx: ProbeContext,
    observation: ObservationT,
    is_wanted: Callable[[ProbeContext, ObservationT], bool],
) -> bool:
    """Return whether this holds for an observation, and for none of its type before it: a page may
    be requested at several addresses, and one of them is enough."""
    wanted = (other for other in ctx.observed(type(observation)) if is_wanted(ctx, other))
    return next(wanted, None) is observation


@frozen
class Probe:
    """A probe function, and the observation types that it waits for (`probe`). `side` is None for a
    probe that belongs to neither package of probes."""

    name: str
    after: type[Observation] | None
    work: ProbeFunction
    side: Side | None = None
    needs: type[Observation] | None = None


#: The side of each package of probes.
_SIDES = {f"{__name__}.{side}": side for side in Side}


def probe(
    after: type[Observation] | None = None, needs: type[Observation] | None = None
) -> Callable[[ProbeFunction], Probe]:
    """Decorator that turns a function into a probe. Its side is that of its package.

    The function is called once for every observation of the type `after`; with `needs` not before
    the first observation of that type, which it receives as its last argument. Only probes of the
    inside have `needs`.
    """

    def decorator(work: ProbeFunction) -> Probe:
        package, _, _ = work.__module__.rpartition(".")
        name = f"{work.__module__.removeprefix(f'{__name__}.')}.{work.__name__}"
        return Probe(name, after, work, _SIDES.get(package), needs)

    return decorator
