"""The rules that a cloud provider applies in front of an instance, in words of no provider.

A provider's module (`diagnose.cloud`) reads its own API into these values, and
`diagnose.cloud.evaluation` judges them. So a recording keeps the rules, and a replay judges them
again without the API.
"""

from typing import ClassVar, Literal

from diagnose.model import Evidence, Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, Text, Url, UrlPath, Word
from diagnose.model.summary import Summary, counted, phrase

#: What the layer filters: packets to the instance, or its replies.
Direction = Literal["in", "out"]
#: "other": a protocol that is neither TCP, UDP nor ICMP.
Protocol = Literal["tcp", "udp", "icmp", "all", "other"]

#: All addresses of both families: the sources of a rule whose own cannot be read.
ANY_ADDRESS = ("0.0.0.0/0", "::/0")
#: The port numbers from which clients connect (RFC 6056 section 3.2).
CLIENT_PORTS = (1024, 65535)


@frozen
class PortRange:
    """The ports from `first` to `last`, both included."""

    first: int = 0
    last: int = 65535


ALL_PORTS = (PortRange(),)


@frozen
class Rule:
    """A rule of a security group, a network ACL or an instance's firewall.

    `order` decides which rule comes first, compared item by item, the smaller first. `peers` are
    the networks at the other end: the sources of what comes in, the destinations of a reply.
    `peer_groups` are security groups whose members match as well. A rule without either matches
    nobody. `ports` are those of the receiver, `client_ports` those of the sender.
    `destinations` are the addresses of the instance that it is for, () for all.

    `unread` names what could not be read of it ("prefix list pl-1"), "" for nothing. Such a rule
    may match whatever its other fields allow, or nothing of it. So the field that was not read is
    as wide as it can be: `ANY_ADDRESS`, `ALL_PORTS`.

    `text` is the rule in the provider's words, for a person.
    """

    id: Label
    allow: bool
    order: tuple[int, ...] = ()
    protocol: Protocol = "all"
    ports: tuple[PortRange, ...] = ALL_PORTS
    client_ports: tuple[PortRange, ...] = ALL_PORTS
    peers: tuple[Address, ...] = ()
    peer_groups: tuple[Label, ...] = ()
    destinations: tuple[Address, ...] = ()
    unread: Text = ""
    group: Label = ""
    text: Text = ""


#: group: the instance's security groups. acl: a subnet's network ACL. firewall: an instance's own
#: firewall in the provider's network (Simple Application Server, Lighthouse).
LayerKind = Literal["group", "acl", "firewall"]


@frozen
class RuleLayer:
    """Rules of which the first match decides. A packet has to pass every layer.

    `name` stands before the ids of its rules in a verdict ("nacl_in:90"), "" before none.
    `allow_unmatched` is what happens to a packet that no rule matches. `unread` says what of the
    layer could not be read at all; then it may decide anything that its rules leave open. A layer
    `skips_same_subnet` if it does not filter what stays in the subnet.
    """

    kind: LayerKind
    name: Label = ""
    rules: tuple[Rule, ...] = ()
    direction: Direction = "in"
    allow_unmatched: bool = False
    skips_same_subnet: bool = False
    unread: Text = ""


@frozen
class SecurityGroup:
    """A security group. `managed_by` names the service that owns it, whose rules its user may not
    change ("" for none). `rules` are filled in for a group that is not attached only: those of
    attached groups stand in the layer."""

    id: Label
    name: Label = ""
    managed_by: Label = ""
    rules: tuple[Rule, ...] = ()


@frozen
class RuleSet:
    """All layers in front of one network interface.

    `groups` are the security groups attached to it. `acl` is the id of the subnet's network ACL, ""
    if there is none.
    """

    layers: tuple[RuleLayer, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    acl: Label = ""


@frozen
class CloudInstance:
    """An instance at a provider: `provider` is the name of its module ("aliyun-ecs").

    `interface` is the network interface that has the address asked about, `network` the virtual
    network that it is in, `groups` the ids of its security groups. `source` says how the instance
    was identified: by its firmware and metadata, or by its public address at the API.
    """

    provider: Label
    region: Label = ""
    id: Label = ""
    interface: Label = ""
    private_address: Address = ""
    public_addresses: tuple[Address, ...] = ()
    source: Literal["firmware", "metadata", "api"] = "metadata"
    network: Label = ""
    groups: tuple[Label, ...] = ()


#: What the metadata service did. off: it refused. late: this program was too busy to know. unasked:
#: this cloud's is not known.
Metadata = Literal["answered", "silent", "off", "late", "unasked"]


#: What the metadata service did, in words.
_METADATA = {
    "answered": phrase("the metadata service answered"),
    "silent": phrase("the metadata service did not answer"),
    "off": phrase("the metadata service is switched off"),
    "late": phrase("this machine was too busy to read an answer of the metadata service"),
    "unasked": phrase("the metadata service was not asked"),
}


@frozen(kw_only=True, eq=False)
class CloudMachine(Observation):
    """The cloud that a machine is in, as its firmware says. `instance` is what the metadata service
    says, None if it did not answer. `console` is the address of the page with the rules. It is of
    the layer `host`, because it says nothing of the rules."""

    layer: ClassVar[str] = "host"

    title: Label
    metadata: Metadata = "unasked"
    instance: CloudInstance | None = None
    console: Url = ""

    def summary(self) -> Summary:
        if self.instance:
            return self.title, phrase("instance {id}", id=self.instance.id)
        return self.title, _METADATA[self.metadata]


@frozen(kw_only=True, eq=False)
class CloudRules(Observation):
    """The rules in front of an instance, as the provider's API says them.

    `others` are security groups that are there and not attached to it; they are read only where the
    attached ones admit nobody. `credentials` says where the credentials came from, for people. The
    failure is "denied" if something could not be read that decides whether the port is open.
    """

    layer: ClassVar[str] = "cloud"

    title: Label
    instance: CloudInstance
    rules: RuleSet
    others: tuple[SecurityGroup, ...] = ()
    credentials: Text = ""

    def summary(self) -> Summary:
        counts = tuple(
            counted(
                "{count} rule of {layer}",
                "{count} rules of {layer}",
                len(layer.rules),
                layer=layer.name or layer.kind,
            )
            for layer in self.rules.layers
        )
        return f"{self.title} {self.instance.id}", counts


def translated_addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return the public addresses that the cloud translates to the server: those of the instance
    that the metadata service on the server names."""
    instances = (machine.instance for machine in evidence.good(CloudMachine) if machine.instance)
    return tuple(address for instance in instances for address in instance.public_addresses)


@frozen(kw_only=True, eq=False)
class RefusedHealthCheck(Observation):
    """The same request of one machine again and again, in even intervals, that the web server never
    answered with a success (2xx), by its access log `file`: the health check of a balancer or of a
    monitor. `status` is that of the last, `every_s` the usual interval in seconds, `agent` the
    User-Agent ("" if the log has none), `port` the server's own port if the log tells it, else
    0."""

    layer: ClassVar[str] = "cloud"

    file: FilePath
    sender: Address
    method: Word
    path: UrlPath
    status: int
    every_s: float
    times: int
    written: Text = ""
    agent: Text = ""
    port: int = 0

    def summary(self) -> Summary:
        times = counted("{count} time", "{count} times", self.times)
        subject = phrase("health check {method} {path}", method=self.method, path=self.path)
        return subject, (str(self.status), times, self.written)
