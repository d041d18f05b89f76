"""What can be seen of netfilter, the packet filter in the server's kernel, and of the files its
rules come from. Both are kept as they were printed: what they mean, today's checks say, also of
old recordings (`diagnose.parsers.netfilter`)."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen


@frozen(kw_only=True, eq=False)
class Ruleset(Observation):
    """The rules in force as one tool prints them. `tool` is

    - "nft" (`nft -j list ruleset`);
    - "iptables", "ip6tables" (`iptables-save -c`): rules that lie in nftables, too, of which nft
      cannot say in JSON what they do;
    - "iptables-legacy", "ip6tables-legacy": those of the older packet filter beside it;
    - "ipset" (`ipset save`): the sets that rules of iptables name.

    The failure is "too-large" where there was more than is read: nothing is known of it then.
    """

    layer: ClassVar[str] = "firewall"

    tool: str
    text: str = ""


@frozen(kw_only=True, eq=False)
class RulesFile(Observation):
    """A file from which rules are loaded at boot: /etc/nftables.conf and its neighbours,
    /etc/iptables/rules.v4, /etc/sysconfig/iptables, ufw's settings and rules. One that is not
    there is not seen."""

    layer: ClassVar[str] = "firewall"

    path: str
    text: str = ""
