"""What can be seen of firewalld: itself, its zones, policies and sets of addresses."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen


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
    default zone. Among zones that a packet could enter, that of the lowest `priority` is
    entered (since 2.0), and of several alike one bound to a source.
    """

    layer: ClassVar[str] = "firewall"

    name: str
    permanent: bool
    target: str = "default"
    active: bool = False
    default: bool = False
    priority: int = 0
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
class Policy(Observation):
    """A firewalld policy (firewalld.policy(5), since 0.9): what goes from one of the zones
    `ingress` to one of `egress` ("ANY", "HOST") passes it, before the zone itself where its
    `priority` is below 0, else after it. The target is "CONTINUE" where it leaves the rest to
    others."""

    layer: ClassVar[str] = "firewall"

    name: str
    permanent: bool
    target: str = "CONTINUE"
    priority: int = -1
    ingress: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    ports: tuple[PortRange, ...] = ()
    opens: tuple[PortRange, ...] = ()
    rich_rules: tuple[str, ...] = ()
    forward_ports: tuple[str, ...] = ()


@frozen(kw_only=True, eq=False)
class IpSet(Observation):
    """A named set of addresses to which zones and rules refer (firewalld.ipset(5)). `whole` is
    False where it holds more `entries` than were read."""

    layer: ClassVar[str] = "firewall"

    name: str
    permanent: bool
    entries: tuple[str, ...] = ()
    whole: bool = True


@frozen(kw_only=True, eq=False)
class Firewalld(Observation):
    """firewalld itself: whether it runs, its default zone, panic mode. `services` maps a
    service that matters here to what its definition in use opens, `permanent_services` to what
    it will open after the next reload; `permanent_default` is the default zone then, "" where
    that may not be read; `backend` is "nftables" or "iptables" (firewalld.conf(5)).

    `direct` are the direct rules for what comes in (firewalld.direct(5)) in the running firewall,
    as firewall-cmd takes them ("ipv4 filter INPUT 0 -p tcp …"), `permanent_direct` those of the
    permanent configuration. `drifts` says that
    what a zone of sources does not decide goes on to the zone of the interface, as before 1.0
    with AllowZoneDrifting. `caller` is the address of whoever looks in over SSH, as the server
    sees it."""

    layer: ClassVar[str] = "firewall"

    running: bool
    default_zone: str = ""
    panic: bool = False
    version: str = ""
    services: tuple[tuple[str, tuple[PortRange, ...]], ...] = ()
    permanent_default: str = ""
    permanent_services: tuple[tuple[str, tuple[PortRange, ...]], ...] = ()
    backend: str = ""
    direct: tuple[str, ...] = ()
    permanent_direct: tuple[str, ...] = ()
    drifts: bool = False
    caller: str = ""
