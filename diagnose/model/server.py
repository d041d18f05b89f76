"""What can be seen inside the server, besides nginx: sockets, interfaces, firewalld."""

from typing import ClassVar

from diagnose.frozen import frozen
from diagnose.model import Observation


@frozen(kw_only=True, eq=False)
class Listener(Observation):
    """A listening TCP socket. `address` is "0.0.0.0", "::" or one address. `dual` says that a
    "::" socket takes IPv4 too. `process` and `pid` are None where they may not be seen."""

    layer: ClassVar[str] = "listener"

    address: str
    port: int
    family: int
    dual: bool = False
    pid: int | None = None
    process: str | None = None


@frozen(kw_only=True, eq=False)
class Listeners(Observation):
    """The list of listening sockets has been read, whole: what is not in it does not listen."""

    layer: ClassVar[str] = "listener"

    sockets: tuple[Listener, ...] = ()

    def on(self, port: int) -> tuple[Listener, ...]:
        return tuple(socket for socket in self.sockets if socket.port == port)


@frozen(kw_only=True, eq=False)
class Interface(Observation):
    """A network interface, whether it is up, and its addresses. `default` are the families
    (4, 6) whose default route leaves by it. `carrier` is False where it is up and nothing is
    at the other end of its wire (NO-CARRIER)."""

    layer: ClassVar[str] = "host"

    name: str
    up: bool
    addresses: tuple[str, ...] = ()
    default: tuple[int, ...] = ()
    carrier: bool = True


@frozen(kw_only=True, eq=False)
class Route(Observation):
    """The way that the server's packets from one of its addresses take to a far address, as the
    kernel chooses it by all its rules and tables (ip-route(8), `ip route get`): through
    `gateway`, "" where there is none, out of `device`. The failure is ENETUNREACH where there is
    no way. Nothing is sent. Looked for only where the main table has no default route."""

    layer: ClassVar[str] = "host"

    source: str
    towards: str
    family: int
    gateway: str = ""
    device: str = ""


@frozen(kw_only=True, eq=False)
class PidFile(Observation):
    """The file in which nginx's master leaves its number (ngx_core_module, `pid`), by which
    `nginx -s reload` finds it. `pid` is None where the file is not there or holds no number."""

    layer: ClassVar[str] = "listener"

    path: str
    pid: int | None = None


@frozen
class PortRange:
    """Ports `low` to `high`, both included, of one protocol ("tcp", "udp")."""

    low: int
    high: int
    protocol: str

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and self.low <= port <= self.high


@frozen(kw_only=True, eq=False)
class Zone(Observation):
    """A firewalld zone (firewalld.zone(5)), in the running (`permanent` false) or in the
    permanent configuration.

    `ports` are those opened by number, `opens` all that are opened, those of the services
    included. `active` says that traffic enters it: by an interface, a source, or as the
    default zone.
    """

    layer: ClassVar[str] = "firewall"

    name: str
    permanent: bool
    target: str = "default"
    active: bool = False
    default: bool = False
    interfaces: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    ports: tuple[PortRange, ...] = ()
    opens: tuple[PortRange, ...] = ()
    rich_rules: tuple[str, ...] = ()
    forward_ports: tuple[str, ...] = ()

    def admits(self, port: int, protocol: str = "tcp") -> bool:
        return self.target == "ACCEPT" or any(
            port in opened for opened in self.opens if opened.protocol == protocol
        )


@frozen(kw_only=True, eq=False)
class Firewalld(Observation):
    """firewalld itself: whether it runs, its default zone, panic mode. `services` maps a
    service that matters here to what its definition in use opens. `permanent_default` is the
    default zone after the next reload, "" where that may not be read; `backend` is "nftables"
    or "iptables" (firewalld.conf(5)), `direct` the arguments of the direct rules in the
    permanent configuration (firewalld.direct(5))."""

    layer: ClassVar[str] = "firewall"

    running: bool
    default_zone: str = ""
    panic: bool = False
    version: str = ""
    services: tuple[tuple[str, tuple[PortRange, ...]], ...] = ()
    permanent_default: str = ""
    backend: str = ""
    direct: tuple[str, ...] = ()
