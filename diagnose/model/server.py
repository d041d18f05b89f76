"""What can be seen inside the server, besides nginx: sockets, interfaces, routes."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.firewall import Firewalld as Firewalld
from diagnose.model.firewall import PortRange as PortRange
from diagnose.model.firewall import Zone as Zone
from diagnose.model.frozen import frozen


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
