"""What the kernel does with packets besides the rules of the packet filter: programs that read its
queues, policies of IPsec, and answers to ARP."""

from typing import ClassVar, Literal

from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Label, RuleText
from diagnose.model.observation import Observation
from diagnose.model.summary import Summary, phrase, socket_text


@frozen(kw_only=True, eq=False)
class QueueReaders(Observation):
    """The queues of netfilter (NFQUEUE) that a program reads, by number. Read only if a rule sends
    packets to a queue."""

    layer: ClassVar[str] = "firewall"

    numbers: tuple[int, ...] = ()

    def summary(self) -> Summary:
        return phrase("queues of the packet filter that are read"), tuple(map(str, self.numbers))


@frozen
class IpsecPolicy:
    """A policy of IPsec (ip-xfrm(8)) for all packets between two networks. Ports are 0 for any.
    `protected` is True if packets without IPsec are not let through; `blocks` if none is."""

    direction: Literal["in", "out"]
    source: Label
    destination: Label
    protocol: Label = ""
    source_port: int = 0
    destination_port: int = 0
    priority: int = 0
    blocks: bool = False
    protected: bool = False
    text: RuleText = ""


@frozen(kw_only=True, eq=False)
class IpsecPolicies(Observation):
    """The policies of IPsec for packets to and from this server, in the order of their priority."""

    layer: ClassVar[str] = "host"

    policies: tuple[IpsecPolicy, ...] = ()

    def summary(self) -> Summary:
        return phrase("policies of IPsec"), tuple(policy.text for policy in self.policies[:6])


@frozen(kw_only=True, eq=False)
class ArpIgnore(Observation):
    """The values of arp_ignore that are not 0, of "all" and of interfaces (ip-sysctl)."""

    layer: ClassVar[str] = "host"

    settings: tuple[tuple[Label, int], ...] = ()

    def in_effect(self, device: str) -> int:
        """Return the value of an interface: the larger of its own and that of "all"."""
        values = dict(self.settings)
        return max(values.get("all", 0), values.get(device, 0))

    def summary(self) -> Summary:
        return phrase("arp_ignore"), tuple(f"{name} {value}" for name, value in self.settings[:6])


@frozen(kw_only=True, eq=False)
class ForwardTarget(Observation):
    """Another machine to which rules of the packet filter redirect the target's port, and whether
    it takes a connection from this server. `is_forwarding` is whether the kernel passes packets of
    IPv4 on at all (net.ipv4.ip_forward, ip_sysctl), None if that is not known. Read only where
    nothing listens on the port."""

    layer: ClassVar[str] = "firewall"

    address: Address
    port: int
    is_reached: bool = False
    is_forwarding: bool | None = None

    def summary(self) -> Summary:
        peer = socket_text(self.address, self.port)
        reached = phrase("takes a connection") if self.is_reached else phrase("does not answer")
        return peer, reached
