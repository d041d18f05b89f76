"""The question that is put to the rules, and their answer."""

from typing import Literal, TypeAlias

from diagnose.model.frozen import frozen


@frozen
class Host:
    """What the machine's addresses and routes say. Nothing known: only the packet's destination
    and the loopback addresses are local, and where a packet is forwarded to is unknown.

    `addresses`: (interface, `203.0.113.10/24`), in the order of `ip addr`; `routes`: (`10.0.0.0/8`
    or `0.0.0.0/0`, interface).
    """

    addresses: tuple[tuple[str, str], ...] = ()
    routes: tuple[tuple[str, str], ...] = ()


@frozen
class Packet:
    """A new TCP connection from this address to this port, in by this interface.

    `source` None: anybody, a stranger on the Internet. `lo`: from the machine itself.
    """

    source: str | None
    destination: str
    port: int
    interface: str
    source_port: int | None = None
    host: Host = Host()


#: Which of the handshake's packets: the first, the answer, what completes it.
Stage: TypeAlias = Literal["syn", "reply", "ack"]


@frozen(kw_only=True)
class Decision:
    """What happens to the connection: the fate of the first of its three packets that is stopped.

    accept: the handshake completes. reject: `how` is `icmp 3/13`, `icmpv6 1/1`, `tcp reset`; the
    client learns of it only if the packet was its own. The deciding rule, or with `policy` the
    chain whose policy decided. For accept it is the rule that let the first packet in.
    unknown: `unknown` names the expressions that could not be judged.
    """

    verdict: Literal["accept", "reject", "drop", "unknown"]
    packet: Stage = "syn"
    how: str = ""
    #: The rejection does not reach the client either: to the client it is like a drop.
    lost: bool = False
    hook: str = ""
    family: str = ""
    table: str = ""
    chain: str = ""
    handle: int | None = None
    rule: str = ""
    policy: bool = False
    #: Where the packet goes after a change of its destination: `172.17.0.2:8443`.
    to: str = ""
    forwarded: bool = False
    unknown: tuple[str, ...] = ()
    #: For unknown: the verdicts that are possible, as far as they are known.
    either: tuple[str, ...] = ()
    #: Limits that the packet met on its way, and what was taken for granted.
    limits: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    #: Only for a stranger: what other sources get (networks), where that is something else.
    others: "tuple[Others, ...]" = ()


@frozen(kw_only=True)
class Others:
    """Sources that the rules treat otherwise than a stranger; `more` networks are not listed."""

    sources: tuple[str, ...]
    omitted: int = 0
    decision: Decision
