"""Observations of firewalld: the daemon, its zones, policies and IP sets."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Label, RuleText, Word
from diagnose.model.summary import Phrase, Summary, Words, clauses, phrase


@frozen
class PortRange:
    """The ports from `low` to `high`, both included, of one protocol ("tcp", "udp")."""

    low: int
    high: int
    protocol: Word

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and self.low <= port <= self.high


@frozen(kw_only=True, eq=False)
class Zone(Observation):
    """A firewalld zone (firewalld.zone(5)), in the running configuration or, if `permanent` is
    True, in the permanent one.

    `ports` are the ports opened by number; `opens` are all open ports, including those of the
    services. `active` is True if traffic enters the zone: through an interface, a source, or
    because it is the default zone. If a packet could enter several zones, it enters the one with
    the lowest `priority` (since 2.0); among equals, the one bound to a source.
    """

    layer: ClassVar[str] = "firewall"

    name: Label
    permanent: bool
    target: Word = "default"
    active: bool = False
    default: bool = False
    priority: int = 0
    interfaces: tuple[Label, ...] = ()
    sources: tuple[Address, ...] = ()
    services: tuple[Label, ...] = ()
    ports: tuple[PortRange, ...] = ()
    opens: tuple[PortRange, ...] = ()
    rich_rules: tuple[RuleText, ...] = ()
    forward_ports: tuple[RuleText, ...] = ()

    def admits(self, port: int, protocol: str = "tcp") -> bool:
        return self.target == "ACCEPT" or any(
            port in opened for opened in self.opens if opened.protocol == protocol
        )

    def summary(self) -> Summary:
        facts = {"name": self.name, "state": _configuration(self)}
        bindings = (*self.interfaces, *self.sources)
        subject = (
            phrase("zone {name} ({state}) on {bindings}", **facts, bindings=bindings)
            if bindings
            else phrase("zone {name} ({state})", **facts)
        )
        return subject, _openings(self, "default")


@frozen(kw_only=True, eq=False)
class Policy(Observation):
    """A firewalld policy (firewalld.policy(5), since 0.9). It applies to traffic from one of the
    zones in `ingress` to one in `egress` ("ANY", "HOST"): before the zone itself if `priority` is
    below 0, otherwise after it. The target "CONTINUE" leaves undecided packets to the next policy
    or zone."""

    layer: ClassVar[str] = "firewall"

    name: Label
    permanent: bool
    target: Word = "CONTINUE"
    priority: int = -1
    ingress: tuple[Label, ...] = ()
    egress: tuple[Label, ...] = ()
    services: tuple[Label, ...] = ()
    ports: tuple[PortRange, ...] = ()
    opens: tuple[PortRange, ...] = ()
    rich_rules: tuple[RuleText, ...] = ()
    forward_ports: tuple[RuleText, ...] = ()

    def summary(self) -> Summary:
        subject = phrase(
            "policy {name} ({state}) from {ingress} to {egress}",
            name=self.name,
            state=_configuration(self),
            ingress=self.ingress,
            egress=self.egress,
        )
        return subject, _openings(self, "CONTINUE")


@frozen(kw_only=True, eq=False)
class IpSet(Observation):
    """A named set of addresses that zones and rules refer to (firewalld.ipset(5)). `whole` is False
    if the set has more `entries` than were read."""

    layer: ClassVar[str] = "firewall"

    name: Label
    permanent: bool
    entries: tuple[Address, ...] = ()
    whole: bool = True

    def summary(self) -> Summary:
        subject = phrase("set {name} ({state})", name=self.name, state=_configuration(self))
        return subject, self.entries[:12]


@frozen(kw_only=True, eq=False)
class Firewalld(Observation):
    """The firewalld daemon: whether it runs, its default zone, panic mode.

    `services` maps each relevant service to the ports that its running definition opens;
    `permanent_services` to those it opens after the next reload. `permanent_default` is the default
    zone after a reload, "" if that may not be read. `backend` is "nftables" or "iptables"
    (firewalld.conf(5)).

    `direct` are the direct rules for incoming packets (firewalld.direct(5)) of the running
    firewall, in the syntax of firewall-cmd ("ipv4 filter INPUT 0 -p tcp …"); `permanent_direct` are
    those of the permanent configuration. `drifts` is True if a packet that a source zone does not
    decide continues in the zone of the interface, as before 1.0 with AllowZoneDrifting. `caller` is
    the address of the SSH client that runs this program, as the server sees it.
    """

    layer: ClassVar[str] = "firewall"

    running: bool
    default_zone: Label = ""
    panic: bool = False
    version: Word = ""
    services: tuple[tuple[Label, tuple[PortRange, ...]], ...] = ()
    permanent_default: Label = ""
    permanent_services: tuple[tuple[Label, tuple[PortRange, ...]], ...] = ()
    backend: Word = ""
    direct: tuple[RuleText, ...] = ()
    permanent_direct: tuple[RuleText, ...] = ()
    drifts: bool = False
    caller: Address = ""

    def summary(self) -> Summary:
        if not self.running:
            return "firewalld", phrase("not running")
        state = (
            phrase("running, default zone {zone}, panic mode", zone=self.default_zone)
            if self.panic
            else phrase("running, default zone {zone}", zone=self.default_zone)
        )
        return "firewalld", state

    @property
    def shows_state(self) -> bool:
        return self.running and self.failure is None


def _configuration(holder: Zone | Policy | IpSet) -> Phrase:
    return phrase("permanent") if holder.permanent else phrase("running")


def _openings(holder: Zone | Policy, default_target: str) -> Words:
    """Return what a zone or a policy lets in; its target only if it is not the default."""
    ports = tuple(
        f"{opened.low}-{opened.high}" if opened.low != opened.high else str(opened.low)
        for opened in holder.ports
    )
    rules = (*holder.rich_rules[:4], *holder.forward_ports[:4])
    target = "" if holder.target == default_target else f"target {holder.target}"
    opened = (*holder.services, *ports)
    openings = phrase("opens {what}", what=opened) if opened else phrase("opens nothing")
    return clauses(target, openings, *rules)
