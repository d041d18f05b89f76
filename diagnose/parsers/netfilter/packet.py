"""The packet that is evaluated, and the decision of the rules about it."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from diagnose.model.frozen import frozen
from diagnose.model.server import Interface


@frozen
class Host:
    """The machine's addresses and routes. Without them only the packet's destination and the
    loopback addresses are local, and the target of forwarded packets is unknown.

    `addresses`: (interface, `203.0.113.10/24`), in the order of `ip addr`; `routes`: (`10.0.0.0/8`
    or `0.0.0.0/0`, interface).
    """

    addresses: tuple[tuple[str, str], ...] = ()
    routes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, interfaces: Sequence[Interface]) -> "Host":
        """Return the host with these interfaces."""
        return cls(
            tuple(
                (interface.name, address)
                for interface in interfaces
                for address in interface.addresses
            ),
            tuple(
                (network, interface.name)
                for interface in interfaces
                for network in interface.routes
            ),
        )


@frozen
class Packet:
    """A new TCP connection: source address, destination and port, incoming interface.

    `source` None: any stranger on the Internet. Interface `lo`: from the machine itself. Kind
    `solicitation`: no connection, but the question for the link-layer address of the destination
    (RFC 4861 section 4.3), whose source is link-local. Kind `too-big`: a router says that packets
    of a connection are too large for the way (RFC 792, type 3 code 4; RFC 4443 section 3.2).
    `user` and `user_name` are the local user whose program opens a connection of interface `lo`
    (iptables-extensions(8), owner; nft(8), skuid); None and "" if nobody knows.
    """

    source: str | None
    destination: str
    port: int
    interface: str
    source_port: int | None = None
    host: Host = Host()
    kind: Literal["connection", "solicitation", "too-big"] = "connection"
    user: int | None = None
    user_name: str = ""


#: A packet of the connection: the SYN, the SYN-ACK, the final ACK, then data of the client, data of
#: the server.
Stage: TypeAlias = Literal["syn", "reply", "ack", "request", "answer"]
#: The packets that the server sends.
SENT_BY_SERVER: frozenset[str] = frozenset({"reply", "answer"})


@frozen(kw_only=True)
class Decision:
    """What happens to a connection: the result for the first of its packets that is stopped.

    accept: the handshake completes, and data passes in both directions. reject: `how` is `icmp
    3/13`, `icmpv6 1/1`, `tcp reset`; the client receives it only if the rejected packet was its
    own. unknown: `unknown` holds the expressions that could not be evaluated. `rule` is the
    deciding rule, or `chain` with `policy` the chain whose policy decided. For accept it is the
    rule that accepted the first packet.
    """

    verdict: Literal["accept", "reject", "drop", "unknown"]
    packet: Stage = "syn"
    how: str = ""
    #: The rejection does not reach the client, who sees the same as for a drop.
    lost: bool = False
    hook: str = ""
    family: str = ""
    table: str = ""
    chain: str = ""
    handle: int | None = None
    rule: str = ""
    policy: bool = False
    #: The destination after translation: `172.17.0.2:8443`.
    to: str = ""
    forwarded: bool = False
    unknown: tuple[str, ...] = ()
    #: For unknown: the possible verdicts, as far as they are known.
    either: tuple[str, ...] = ()
    #: Limits that the packet passed, and assumptions that were made.
    limits: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    #: Only for a stranger: other sources (networks) that get a different decision.
    others: "tuple[Others, ...]" = ()


@frozen(kw_only=True)
class Others:
    """Sources that get another decision than a stranger; `omitted` counts those not listed."""

    sources: tuple[str, ...]
    omitted: int = 0
    decision: Decision
