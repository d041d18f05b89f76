"""Observations inside the server, other than nginx: sockets, interfaces, routes."""

from collections.abc import Collection, Iterable
from typing import ClassVar

from diagnose.model import Evidence, Observation, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, RuleText, Url, Word
from diagnose.model.summary import Summary, phrase, socket_text

#: Processes of web servers, which are in front of applications and not the applications.
WEB_SERVER_PROCESSES = frozenset(
    {
        "nginx", "openresty", "tengine", "angie", "nginx-rc", "nginx-sp", "apache2", "httpd",
        "httpd-prefork", "httpd-worker", "httpd-event", "caddy", "haproxy", "traefik", "lighttpd",
        "litespeed", "openlitespeed", "lshttpd",
    }
)  # fmt: skip

#: Programs of every server, which are no application behind a web server.
_OF_THE_SYSTEM = frozenset({"sshd", "systemd-resolve", "dnsmasq"})


@frozen(kw_only=True, eq=False)
class Listener(Observation):
    """A listening TCP socket. `address` is "0.0.0.0", "::" or one address. `dual` is True if a "::"
    socket accepts IPv4 too. `process` and `pid` are None if they may not be read."""

    layer: ClassVar[str] = "listener"

    address: Address
    port: int
    family: int
    dual: bool = False
    pid: int | None = None
    process: Label | None = None

    def summary(self) -> Summary:
        return socket_text(self.address, self.port), self.process or phrase("listening")


@frozen(kw_only=True, eq=False)
class Listeners(Observation):
    """The complete list of listening sockets: a socket that is not in it does not listen."""

    layer: ClassVar[str] = "listener"

    sockets: tuple[Listener, ...] = ()

    def on(self, port: int) -> tuple[Listener, ...]:
        return tuple(socket for socket in self.sockets if socket.port == port)

    def summary(self) -> Summary:
        sockets = tuple(
            f"{socket_text(listener.address, listener.port)} {listener.process or ''}".rstrip()
            for listener in self.sockets[:12]
        )
        return phrase("listening"), sockets


@frozen(kw_only=True, eq=False)
class UnservedAddress(Observation):
    """The address for which a bare name stands (https on port 443), where this server has nothing
    for it: no listener, no certificate, no redirect to it. The run judges another address of the
    site. `is_named` is True if a configuration has the name there; else the site there is the only
    one of the server."""

    layer: ClassVar[str] = "listener"

    url: Url
    is_named: bool = True

    def summary(self) -> Summary:
        return self.url, phrase("nothing is set up for it on this server")


@frozen(kw_only=True, eq=False)
class PassedPort(Observation):
    """A web server of this machine passes the requests of a site on to the target's port: visitors
    open the site, and need no open port behind it. `server` is the name of the web server, `url`
    the address of the site, and `file` and `line` are where it is written."""

    layer: ClassVar[str] = "listener"

    port: int
    server: Word
    url: Url
    file: FilePath = ""
    line: int = 0

    def summary(self) -> Summary:
        subject = phrase("port {port} behind {server}", port=self.port, server=self.server)
        return subject, self.url


@frozen(kw_only=True, eq=False)
class Interface(Observation):
    """A network interface. `default` are the families (4, 6) whose default route uses it, and
    `networks` the networks whose routes use it ("172.17.0.0/16"). `carrier` is False if the
    interface is up but has no link (NO-CARRIER). `xdp` is True if an eBPF program handles its
    packets first (ip-link(8), xdp). A `tunnel` has no link layer: WireGuard's, or a TUN device."""

    layer: ClassVar[str] = "host"

    name: Label
    up: bool
    addresses: tuple[Address, ...] = ()
    default: tuple[int, ...] = ()
    networks: tuple[Label, ...] = ()
    carrier: bool = True
    xdp: bool = False
    tunnel: bool = False

    @property
    def routes(self) -> tuple[str, ...]:
        """The networks that are reached by it, the default route's among them ("0.0.0.0/0")."""
        return (
            *("::/0" if family == 6 else "0.0.0.0/0" for family in self.default),
            *self.networks,
        )

    def summary(self) -> Summary:
        facts = {"name": self.name}
        state = phrase("{name} up", **facts) if self.up else phrase("{name} down", **facts)
        return state, self.addresses


@frozen(kw_only=True, eq=False)
class Route(Observation):
    """The route for packets from one of the server's addresses to a remote address, as the kernel
    chooses it by all rules and tables (ip-route(8), `ip route get`): through `gateway` ("" if there
    is none) and `device`. The failure is ENETUNREACH if there is no route. Nothing is sent.
    Observed only if the main table has no default route, if there is a tunnel, or if `rules`
    (ip-rule(8)) choose tables besides the kernel's own three; then it is the route of TCP packets
    from the target's port."""

    layer: ClassVar[str] = "host"

    source: Address
    towards: Address
    family: int
    gateway: Address = ""
    device: Label = ""
    rules: tuple[RuleText, ...] = ()

    def summary(self) -> Summary:
        subject = phrase(
            "route from {source} to {towards}", source=self.source, towards=self.towards
        )
        return subject, f"{self.gateway} {self.device}".strip()


@frozen(kw_only=True, eq=False)
class SilentGateway(Observation):
    """A gateway of the server's default route, or of the route from its address, that does not say
    its link-layer address. `state` is "FAILED", or "INCOMPLETE" while the kernel asks for it
    (ip-neighbour(8)); "PERMANENT" if somebody set the address, so that the kernel never asks. There
    is no observation of a gateway that answers."""

    layer: ClassVar[str] = "host"

    address: Address
    device: Label
    family: int
    state: Word

    def summary(self) -> Summary:
        subject = phrase("gateway {address} on {device}", address=self.address, device=self.device)
        return subject, self.state


@frozen(kw_only=True, eq=False)
class LostReplies(Observation):
    """Visitors whose connections wait for the third packet of the handshake (tcp(7), SYN-RECV), and
    who are neighbours by the routes of `device`, and have not said their link-layer address there:
    the replies to them are not sent. `network` is the route's ("198.51.100.0/24"), "" if unknown,
    and `is_default` is True if the default route uses the device too. `is_told` is True for the
    visitor of --from, who need not be asking now; `engine_network` and `project` name the container
    engine's network behind the device and its compose project."""

    layer: ClassVar[str] = "host"

    device: Label
    network: Label
    visitors: tuple[Address, ...]
    is_default: bool = False
    is_told: bool = False
    engine_network: Label = ""
    project: Label = ""

    def summary(self) -> Summary:
        return phrase("no neighbour on {device}", device=self.device), self.visitors[:6]


@frozen(kw_only=True, eq=False)
class PidFile(Observation):
    """The file with the process id of nginx's master (ngx_core_module, `pid`), which `nginx -s
    reload` needs. `pid` is None if the file is missing or holds no number."""

    layer: ClassVar[str] = "listener"

    path: FilePath
    pid: int | None = None

    def summary(self) -> Summary:
        return self.path, phrase("missing") if self.pid is None else f"pid {self.pid}"


def listening_programs(evidence: Evidence, *, without: Collection[str] = ()) -> tuple[str, ...]:
    """Return the programs that listen on the server, each with its port ("node 3000"), but those of
    the system and those `without`."""
    programs = dict.fromkeys(
        f"{socket.process} {socket.port}"
        for listeners in evidence.good(Listeners)
        for socket in listeners.sockets
        if socket.process and socket.process not in {*_OF_THE_SYSTEM, *without}
    )
    return tuple(programs)


def interface_addresses(interfaces: Iterable[Interface]) -> set[str]:
    """Return the addresses of these interfaces, of each family."""
    return {address for interface in interfaces for address in interface.addresses}


def server_interfaces(evidence: Evidence) -> tuple[Interface, ...]:
    """Return the interfaces that were observed on the server itself."""
    return tuple(
        interface for interface in evidence.good(Interface) if interface.vantage is Vantage.SERVER
    )


def server_addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return the addresses of the server's interfaces, each once, without its prefix length."""
    addresses = (
        address for interface in server_interfaces(evidence) for address in interface.addresses
    )
    return tuple(dict.fromkeys(address.partition("/")[0] for address in addresses))
