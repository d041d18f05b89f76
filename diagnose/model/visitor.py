"""For whom a run judges, and what shuts single addresses out besides the packet filter's rules."""

from typing import ClassVar

from diagnose.model import Evidence, Observation
from diagnose.model.frozen import frozen


@frozen(kw_only=True, eq=False)
class Visitor(Observation):
    """The visitor for whom the run judges (`--from`): the IPv4 or IPv6 address that they come
    from, as the server sees it."""

    layer: ClassVar[str] = "host"

    address: str


@frozen
class Jail:
    """A jail of fail2ban and the addresses that it has banned (fail2ban-client(1), `banned`)."""

    name: str
    banned: tuple[str, ...] = ()


@frozen(kw_only=True, eq=False)
class Jails(Observation):
    """What fail2ban itself says that it has banned. `more` addresses were not read."""

    layer: ClassVar[str] = "firewall"

    jails: tuple[Jail, ...] = ()
    more: int = 0

    def banning(self, address: str) -> tuple[str, ...]:
        """The jails that have banned an address."""
        return tuple(jail.name for jail in self.jails if address in jail.banned)


@frozen
class ClosedRoute:
    """A route that leads nowhere (ip-route(8)): `kind` is "blackhole", "unreachable" or
    "prohibit"; `network` is a network or one address; `table` is "" for the main one."""

    kind: str
    network: str
    table: str = ""


@frozen(kw_only=True, eq=False)
class ClosedRoutes(Observation):
    """The routes that lead nowhere. The server's answers to such an address are not sent: that is
    how fail2ban's action `route` bans. `more` of them were not read."""

    layer: ClassVar[str] = "host"

    routes: tuple[ClosedRoute, ...] = ()
    more: int = 0


@frozen(kw_only=True, eq=False)
class ReturnRoute(Observation):
    """The way back to a visitor from `source`, an address of the server (ip-route(8),
    `ip route get`). `refusal` is "blackhole", "unreachable" or "prohibit" where a route or a rule
    says so, "" where there is a way. The failure is any other complaint."""

    layer: ClassVar[str] = "host"

    source: str
    towards: str
    refusal: str = ""


def visitor_address(evidence: Evidence) -> str:
    """The address of the visitor for whom the run judges, "" for anybody."""
    return next((visitor.address for visitor in evidence.of(Visitor)), "")
