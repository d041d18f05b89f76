"""Observations of netfilter, the packet filter in the server's kernel, and of the files that its
rules are loaded from. Both are stored as printed, so that today's checks can interpret old
recordings too (`diagnose.parsers.netfilter`)."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, RuleText
from diagnose.model.summary import Summary, counted, phrase

RulesTool = Literal["nft", "iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy", "ipset"]


@frozen(kw_only=True, eq=False)
class Ruleset(Observation):
    """The rules in force, as printed by one tool. `tool` is

    - "nft" (`nft -j list ruleset`);
    - "iptables", "ip6tables" (`iptables-save -c`): also rules stored in nftables that nft cannot
      express in JSON;
    - "iptables-legacy", "ip6tables-legacy": rules of the older packet filter;
    - "ipset" (`ipset save`): the sets that iptables rules refer to.

    The failure is "too-large" if the output exceeded the limit; then nothing of it is known.
    """

    layer: ClassVar[str] = "firewall"

    tool: RulesTool
    text: RuleText = ""

    def summary(self) -> Summary:
        rule = '{"rule": {' if self.tool == "nft" else "-A "
        count = self.text.count(rule)
        return phrase("rules ({tool})", tool=self.tool), counted(
            "{count} rule", "{count} rules", count
        )


@frozen(kw_only=True, eq=False)
class RulesFile(Observation):
    """A file from which rules are loaded at boot: /etc/nftables.conf, files in /etc/nftables,
    /etc/iptables/rules.v4, /etc/sysconfig/iptables, ufw's settings and rules. There is no
    observation for a missing file."""

    layer: ClassVar[str] = "firewall"

    path: FilePath
    text: RuleText = ""

    def summary(self) -> Summary:
        return self.path, counted("{count} line", "{count} lines", len(self.text.splitlines()))

    @property
    def shows_state(self) -> bool:
        return False
