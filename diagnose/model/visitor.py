"""Observations about one visitor (`--from`), and what blocks single addresses besides the packet
filter's rules."""

from typing import ClassVar, Literal

from diagnose.model import Evidence, Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, Text, UrlPath, Word
from diagnose.model.summary import Summary, phrase

RouteRefusal = Literal["blackhole", "unreachable", "prohibit"]


@frozen(kw_only=True, eq=False)
class Visitor(Observation):
    """The visitor whose access the run checks (`--from`): their IPv4 or IPv6 address, as the server
    sees it."""

    layer: ClassVar[str] = "host"

    address: Address

    def summary(self) -> Summary:
        return phrase("judged for the visitor"), self.address


@frozen
class Jail:
    """A fail2ban jail and the addresses that it has banned (fail2ban-client(1), `banned`)."""

    name: Label
    banned: tuple[Address, ...] = ()


@frozen(kw_only=True, eq=False)
class Jails(Observation):
    """The jails and bans that fail2ban reports. `more` is the number of addresses that were not
    read."""

    layer: ClassVar[str] = "firewall"

    jails: tuple[Jail, ...] = ()
    more: int = 0

    def banning(self, address: str) -> tuple[str, ...]:
        """Return the names of the jails that have banned an address."""
        return tuple(jail.name for jail in self.jails if address in jail.banned)

    def summary(self) -> Summary:
        bans = tuple(
            phrase("{jail} has banned {number}", jail=jail.name, number=len(jail.banned))
            for jail in self.jails[:12]
        )
        return "fail2ban", bans


@frozen
class ClosedRoute:
    """A route that discards packets (ip-route(8)): `kind` is "blackhole", "unreachable" or
    "prohibit"; `network` is a network or one address; `table` is "" for the main table."""

    kind: RouteRefusal
    network: Address
    table: Label = ""


@frozen(kw_only=True, eq=False)
class ClosedRoutes(Observation):
    """The routes that discard packets. The server's replies to such addresses are not sent;
    fail2ban's action `route` bans in this way. `more` is the number of routes that were not
    read."""

    layer: ClassVar[str] = "host"

    routes: tuple[ClosedRoute, ...] = ()
    more: int = 0

    def summary(self) -> Summary:
        routes = tuple(f"{route.kind} {route.network}" for route in self.routes[:12])
        return phrase("routes that lead nowhere"), routes


@frozen(kw_only=True, eq=False)
class ReturnRoute(Observation):
    """The route back to a visitor from `source`, an address of the server (ip-route(8), `ip route
    get`). `refusal` is "blackhole", "unreachable" or "prohibit" if a route or a rule says so, "" if
    there is a route. The failure is any other error."""

    layer: ClassVar[str] = "host"

    source: Address
    towards: Address
    refusal: Literal["", "blackhole", "unreachable", "prohibit"] = ""

    def summary(self) -> Summary:
        subject = phrase(
            "route from {source} to {towards}", source=self.source, towards=self.towards
        )
        return subject, self.refusal or phrase("there is one")


@frozen(kw_only=True, eq=False)
class RefusedClients(Observation):
    """Whom a web server refused the target's own page (403) in the last minutes, by its access log:
    `clients` are the last addresses, each once, the newest last, and `admitted` those that got it.
    They asked before the run began. `written` is the time of the last refusal as printed."""

    layer: ClassVar[str] = "server"

    file: FilePath
    path: UrlPath
    clients: tuple[Address, ...]
    written: Text
    admitted: tuple[Address, ...] = ()
    server: Word = ""

    def summary(self) -> Summary:
        return f"{self.path} 403", self.clients


@frozen(kw_only=True, eq=False)
class SharedLimit(Observation):
    """Several visitors were refused the same request with 429 in the last minutes, by the access
    log, among them `first`, whose first request of this kind that was.

    `clients` are the refused addresses, `admitted` is how many such requests were answered before,
    of all visitors. `is_from_page` is True if the request of `first` came from a page of the site.
    `written` is its time as printed.
    """

    layer: ClassVar[str] = "upstream"

    file: FilePath
    method: Word
    path: UrlPath
    clients: tuple[Address, ...]
    first: Address
    written: Text
    admitted: int = 0
    is_from_page: bool = False
    server: Word = ""

    def summary(self) -> Summary:
        return f"{self.method} {self.path} 429", self.clients


def visitor_address(evidence: Evidence) -> str:
    """Return the address of the visitor whom the run is for, "" for any visitor."""
    return next((visitor.address for visitor in evidence.of(Visitor)), "")
