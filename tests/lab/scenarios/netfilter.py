"""Rules of netfilter are in the way, besides firewalld's or instead of them."""

from ..lab import CLIENT, Lab
from ..scenario import healthy, scenario
from ..site import NAME
from .firewall import firewalld as reloaded

CONF = "/etc/nftables.conf"
RULES_V4 = "/etc/iptables/rules.v4"
NO_FAIL2BAN = "fail2ban is not installed here, only its rules are"
UFW = ("/etc/ufw/user.rules", "/etc/ufw/user6.rules")

#: As an image of a cloud provider ships it, with a line that its owner added.
SHIPPED = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
COMMIT
"""


def nft(lab: Lab, text: str) -> None:
    lab.server.run(["nft", "-f", "-"], input=text, check=True)


def chain(lab: Lab, *rules: str, hook: str = "input", priority: str = "-10", policy: str = "accept",
          table: str = "inet filter", before: str = "") -> str:  # fmt: skip
    """A table with one chain; what it was loaded from."""
    lines = "\n".join(f"\t\t{rule}" for rule in rules)
    head = f"\t\ttype filter hook {hook} priority {priority}; policy {policy};"
    text = f"table {table} {{\n{before}\tchain {hook} {{\n{head}\n{lines}\n\t}}\n}}\n"
    nft(lab, text)
    return text


def alone(lab: Lab) -> None:
    """No firewalld: other rules are all there is."""
    lab.firewalld.stop()
    lab.server.sh("nft flush ruleset")


def iptables(lab: Lab, *rules: str, program: str = "iptables") -> None:
    for rule in rules:
        lab.server.sh(f"{program} {rule}")


def restored(lab: Lab, text: str) -> None:
    """Written where iptables-persistent keeps it, and loaded."""
    alone(lab)
    lab.server.write(RULES_V4, text)
    lab.server.run(["iptables-restore"], input=text, check=True)


def ufw(lab: Lab, *rules: str) -> None:
    alone(lab)
    for rule in ("allow 22/tcp", *rules):
        lab.server.sh(f"ufw {rule}")
    lab.server.sh("ufw --force enable")


# Tables of one's own


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks")
def a_table_of_its_own_drops_443(lab: Lab) -> None:
    """firewalld lets 443 in; a table with a lower priority number has dropped it before."""
    chain(lab, "tcp dport 443 drop")


@scenario(outside="tcp.refused", server="firewall.ruleset-blocks")
def a_table_after_firewalld_resets_443(lab: Lab) -> None:
    """firewalld lets 443 in, and a table that comes after it rejects with a reset."""
    chain(lab, "ip protocol tcp tcp dport { 443 } counter reject with tcp reset", priority="50")


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", differs=(CONF, "rules"))
def nftables_conf_drops_the_rest(lab: Lab) -> None:
    """nftables.service was left on beside firewalld, and its policy drops what it does not know."""
    rules = (
        "ct state established,related accept",
        "iif lo accept",
        "meta l4proto { icmp, icmpv6 } accept",
        "tcp dport { 22, 80 } accept",
    )
    text = chain(lab, *rules, policy="drop")
    lab.server.write(CONF, f"#!/usr/sbin/nft -f\n\nflush ruleset\n\n{text}")


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", differs=(CONF, "rules"))
def nftables_conf_drops_443(lab: Lab) -> None:
    """A rule in nftables.conf drops 443, among others that are needed."""
    alone(lab)
    rules = ("ct state established,related accept", "tcp dport 443 drop", "tcp dport 3306 drop")
    text = chain(lab, *rules)
    lab.server.write(CONF, f"#!/usr/sbin/nft -f\n\nflush ruleset\n\n{text}")


@scenario(outside="tcp.rejected-by-host", server="firewall.ruleset-blocks", differs=("rules",))
def a_set_of_ports_is_rejected(lab: Lab) -> None:
    """443 is one of several ports in a set that a rule rejects."""
    ports = "\tset closed {\n\t\ttype inet_service\n\t\telements = { 443, 8443, 9443 }\n\t}\n"
    chain(lab, "tcp dport @closed reject with icmpx type admin-prohibited", before=ports)


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks")
def dropped_before_routing(lab: Lab) -> None:
    """A chain at the prerouting hook, which few people look into, drops 443."""
    chain(lab, "tcp dport 443 counter drop", hook="prerouting", priority="-150", table="ip raw6")


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks")
def dropped_at_the_network_card(lab: Lab) -> None:
    """A chain at the ingress hook, before all others, drops 443."""
    hook = "type filter hook ingress device eth0 priority 0;"
    nft(lab, f"table netdev early {{ chain in {{ {hook} }}; }}")
    nft(lab, "add rule netdev early in tcp dport 443 drop")


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", differs=("rules",))
def dropped_in_a_chain_of_its_own(lab: Lab) -> None:
    """The rule that drops is in a chain to which another jumps, by a map of verdicts."""
    nft(
        lab,
        """
        table inet guard {
          chain web { ip protocol tcp counter drop; }
          chain input {
            type filter hook input priority 5; policy accept;
            iif lo accept
            ct state established accept
            tcp dport vmap { 22 : accept, 443 : jump web }
          }
        }
        """,
    )


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", ipv6=True)
def dropped_for_both_families(lab: Lab) -> None:
    """Both of the site's addresses are behind the same rule."""
    chain(lab, "tcp dport { 80, 443 } drop")


@scenario(outside="dns.dead-ipv6", server="firewall.ruleset-blocks", ipv6=True)
def dropped_over_ipv6_only(lab: Lab) -> None:
    """A table for IPv6 drops 443; IPv4 works."""
    chain(lab, "tcp dport 443 drop", table="ip6 filter6")


@scenario(
    outside="dns.dead-ipv6",
    server="firewall.neighbor-discovery-blocked",
    ipv6=True,
    manual="which types of ICMPv6 come in, a person decides",
)
def neighbor_discovery_is_forgotten(lab: Lab) -> None:
    """nftables.conf of many tutorials: ICMP for IPv4 is accepted, and the policy drops the rest."""
    alone(lab)
    established = "ct state established,related accept"
    ports = "tcp dport { 22, 80, 443 } accept"
    chain(lab, established, "iif lo accept", "ip protocol icmp accept", ports, policy="drop")
    lab.router.sh("ip -6 neigh flush dev eth1")


@healthy(ipv6=True)
def neighbor_discovery_is_accepted(lab: Lab) -> None:
    """The same, with the types that RFC 4890 names, from link-local addresses too."""
    alone(lab)
    established = "ct state established,related accept"
    types = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept"
    ports = "tcp dport { 22, 80, 443 } accept"
    chain(lab, established, "iif lo accept", types, ports, policy="drop")
    lab.router.sh("ip -6 neigh flush dev eth1")


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks")
def dropped_with_all_that_a_rule_may_have(lab: Lab) -> None:
    """A limit with a burst of its own, a line in the log with a level, and blanks in quotes."""
    chain(
        lab,
        "tcp dport 443 limit rate 1000/second burst 5000 packets counter "
        'log prefix "shop:  " level debug flags skuid drop comment "by  hand"',
    )


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", differs=(CONF, "rules"))
def two_rules_in_a_row_drop(lab: Lab) -> None:
    """One for each port, side by side, here and in nftables.conf."""
    alone(lab)
    rules = (
        "tcp dport 22 accept",
        "tcp dport 443 drop",
        "tcp dport 80 drop",
        "tcp dport 25 accept",
    )
    text = chain(lab, *rules)
    lab.server.write(CONF, f"#!/usr/sbin/nft -f\n\nflush ruleset\n\n{text}")


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", differs=("rules",))
def dropped_by_a_rule_that_cannot_be_written_again(lab: Lab) -> None:
    """The elements of its set have comments."""
    low, high = '0.0.0.0/1 comment "low"', '128.0.0.0/1 comment "high"'
    chain(lab, f"ip saddr {{ {low}, {high} }} tcp dport 443 drop")


@scenario(outside="tcp.rejected-by-host", server="firewall.port-closed", differs=("rules",))
def accepted_elsewhere(lab: Lab) -> None:
    """firewalld does not let 443 in, and an accept in another table does not help."""
    reloaded(lab, "--zone=public --remove-service=https")
    chain(lab, "tcp dport 443 accept")


# By what no list of rules shows


@scenario(
    outside="tls.stalled",
    server="firewall.rule-unjudged",
    manual="whoever made the rule has to say what for",
)
def answers_of_the_workers_are_rejected(lab: Lab) -> None:
    """A rule on the user of nginx's workers: root's SYN-ACK gets out, their answers do not."""
    chain(lab, f"meta skuid {lab.platform.user} counter reject", hook="output")


@scenario(
    outside="tls.stalled",
    server="firewall.rule-unjudged",
    manual="whoever made the rule has to say what for",
)
def hellos_with_a_word_are_dropped(lab: Lab) -> None:
    """iptables looks for the site's name in packets: the ClientHello has it."""
    on_iptables(lab)
    match = "-p tcp --dport 443 -m string --algo bm --string shop.example"
    iptables(lab, f"-I INPUT {match} -j DROP")


@scenario(outside="tls.stalled", server="firewall.ruleset-blocks")
def data_is_dropped_and_not_the_handshake(lab: Lab) -> None:
    """A rule against the flag PSH: TCP connects, and nothing that carries data comes in."""
    chain(lab, "tcp dport 443 tcp flags & psh == psh drop")


@scenario(outside="tls.stalled", server="firewall.ruleset-blocks", ipv6=True, differs=("rules",))
def established_means_ipv4_only(lab: Lab) -> None:
    """After ansible-role-nftables, issue 20: `ip protocol` in front of `ct state` means IPv4. The
    SYN of IPv6 comes in, and no packet after it."""
    alone(lab)
    established = "ip protocol { tcp, udp } ct state established,related accept"
    types = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept"
    ports = "tcp dport { 22, 80, 443 } ct state new accept"
    chain(lab, "iif lo accept", established, types, ports, policy="drop")


@healthy()
def odd_packets_are_dropped(lab: Lab) -> None:
    """Rules of hardening guides against packets that no visitor sends."""
    chain(
        lab,
        "ip ttl < 10 drop",
        "tcp dport 443 ip dscp != cs0 drop",
        "tcp flags & (fin|syn|rst|ack) != syn ct state new counter drop",
        "tcp flags & (fin|psh|urg) == fin|psh|urg drop",
        "ip frag-off & 0x1fff != 0 drop",
    )
    iptables(lab, "-t mangle -A POSTROUTING -o eth0 -j TTL --ttl-set 64")


@scenario(
    outside="tcp.timeout",
    server=None,
    both="firewall.rule-unjudged",
    unsure=("server",),
    manual="whoever made the rule has to say what for",
)
def answers_live_for_no_hop(lab: Lab) -> None:
    """A rule that hides a router sets the TTL of what leaves: no router passes it on."""
    chain(lab, "tcp sport 443 counter ip ttl set 1", hook="postrouting")


# iptables


def on_iptables(lab: Lab) -> None:
    """firewalld makes its rules with iptables, as it did before 0.6."""
    lab.firewalld.stop()
    lab.server.sh("nft flush ruleset")
    conf = "/etc/firewalld/firewalld.conf"
    lab.server.sh(f"sed -i s/^FirewallBackend=.*/FirewallBackend=iptables/ {conf}")
    lab.firewalld.restart()


@scenario(outside="tcp.refused", server="firewall.port-closed", differs=("rules",))
def firewalld_rejects_with_iptables(lab: Lab) -> None:
    """firewalld does not let 443 in; its rules are iptables'."""
    on_iptables(lab)
    reloaded(lab, "--zone=public --remove-service=https")


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks")
def iptables_drops_before_firewalld_with_iptables(lab: Lab) -> None:
    """A rule of one's own stands before firewalld's in the same chain."""
    on_iptables(lab)
    iptables(lab, "-I INPUT -p tcp --dport 443 -j DROP")


@scenario(
    outside="tcp.rejected-by-host", server="firewall.ruleset-blocks", differs=(RULES_V4, "rules")
)
def iptables_reject_before_accept(lab: Lab) -> None:
    """The image's rules end in a REJECT, and the ACCEPT for 443 was added behind it."""
    restored(lab, SHIPPED)


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", differs=("rules",))
def iptables_policy_drops(lab: Lab) -> None:
    """iptables' INPUT has the policy DROP and no rule for 443; nothing is written down."""
    alone(lab)
    iptables(
        lab,
        "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -i lo -j ACCEPT",
        "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT",
        "-P INPUT DROP",
    )


@scenario(outside="tcp.refused", server="firewall.ruleset-blocks")
def iptables_rejects_443(lab: Lab) -> None:
    """Somebody rejected 443 with iptables, beside firewalld."""
    iptables(lab, "-I INPUT -p tcp --dport 443 -m comment --comment 'maintenance' -j REJECT")


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks")
def iptables_drops_by_two_rules_that_only_have_numbers(lab: Lab) -> None:
    """iptables does not find a rule with a limit by its words; the first to go moves the second."""
    limit = "-m limit --limit 1000/sec --limit-burst"
    iptables(
        lab,
        "-A INPUT -p tcp --dport 22 -j ACCEPT",
        f"-A INPUT -p tcp --dport 443 {limit} 5000 -j DROP",
        f"-A INPUT -p tcp --dport 80 {limit} 500 -j DROP",
        "-A INPUT -p tcp --dport 25 -j ACCEPT",
    )


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks")
def legacy_iptables_drops_443(lab: Lab) -> None:
    """A rule lies in the older packet filter, which nft does not show."""
    lab.undo(lambda: lab.server.sh("iptables-legacy -F; iptables-legacy -X"))
    iptables(lab, "-A INPUT -p tcp --dport 443 -j DROP", program="iptables-legacy")


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", ipv6=True)
def iptables_drops_for_both_families(lab: Lab) -> None:
    """The same rule twice, in iptables and in ip6tables."""
    for program in ("iptables", "ip6tables"):
        iptables(lab, "-I INPUT -p tcp --dport 443 -j DROP", program=program)


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks")
def iptables_drops_in_the_table_raw(lab: Lab) -> None:
    """Where nobody looks: the table raw, before conntrack."""
    iptables(lab, "-t raw -A PREROUTING -p tcp -m multiport --dports 443 -j DROP")


# ufw


@scenario(outside="tcp.timeout", server="firewall.ufw-port-closed", differs=(*UFW, "rules"))
def ufw_without_443(lab: Lab) -> None:
    """ufw is on and lets in 22 and 80 only."""
    ufw(lab, "allow 80/tcp")


@scenario(outside="tcp.timeout", server="firewall.ufw-port-closed", differs=(*UFW, "rules"))
def ufw_denies_443(lab: Lab) -> None:
    """A rule of ufw denies 443, and one behind it allows it."""
    ufw(lab, "deny 443", "allow 'Nginx Full'")


@scenario(outside="tcp.refused", server="firewall.ufw-port-closed", differs=(*UFW, "rules"))
def ufw_rejects_443(lab: Lab) -> None:
    """A rule of ufw rejects 443."""
    ufw(lab, "allow 80/tcp", "reject 443/tcp")


@scenario(outside=None, server="firewall.rate-limit", differs=(*UFW, "rules"))
def ufw_limits_443(lab: Lab) -> None:
    """ufw limits 443 as if it were SSH: six connections in half a minute."""
    ufw(lab, "allow 80/tcp", "limit 443/tcp")


@scenario(outside="tcp.timeout", server="firewall.source-restricted", differs=(*UFW, "rules"))
def ufw_allows_443_from_the_office(lab: Lab) -> None:
    """ufw lets 443 in from one network only."""
    ufw(lab, "allow 80/tcp", "allow from 192.0.2.0/24 to any port 443 proto tcp")


DEFAULTS = "/etc/default/ufw"


@scenario(
    outside="dns.dead-ipv6",
    server="firewall.ufw-port-closed",
    ipv6=True,
    differs=(*UFW, DEFAULTS, "rules"),
)
def ufw_leaves_ipv6_out(lab: Lab) -> None:
    """ufw lets 443 in over IPv4, and was told not to care for IPv6."""
    lab.server.sh(f"sed -i s/IPV6=yes/IPV6=no/ {DEFAULTS}")
    ufw(lab, "allow 'Nginx Full'")


# Some sources only


@scenario(outside="tcp.timeout", server="firewall.source-restricted", differs=("rules",))
def only_the_office_may(lab: Lab) -> None:
    """443 is open to one network, and dropped for everybody else."""
    chain(lab, "ip saddr 192.0.2.0/24 tcp dport 443 accept", "tcp dport 443 drop")


@scenario(outside="tcp.timeout", server="firewall.source-restricted", differs=(CONF, "rules"))
def only_a_cdn_may(lab: Lab) -> None:
    """443 is open to a CDN's networks; the name leads here directly."""
    elements = "{ 192.0.2.0/24, 203.0.113.128/25 }"
    kind = "type ipv4_addr\n\t\tflags interval"
    cdn = f"\tset cdn {{\n\t\t{kind}\n\t\telements = {elements}\n\t}}\n"
    rules = (
        "ct state established,related accept",
        "iif lo accept",
        "meta l4proto { icmp, icmpv6 } accept",
        "tcp dport { 22, 80 } accept",
        "ip saddr @cdn tcp dport 443 accept",
    )
    alone(lab)
    text = chain(lab, *rules, policy="drop", before=cdn)
    lab.server.write(CONF, f"#!/usr/sbin/nft -f\n\nflush ruleset\n\n{text}")


BANS = "\tset addr-set-nginx-http-auth {{\n\t\ttype ipv4_addr\n\t\telements = {{ {} }}\n\t}}\n"


def banned(lab: Lab, *addresses: str) -> None:
    """As fail2ban's action nftables-multiport writes it."""
    rule = "tcp dport { 80, 443 } ip saddr @addr-set-nginx-http-auth reject"
    bans = BANS.format(", ".join(addresses))
    chain(lab, rule, priority="-1", table="inet f2b-table", before=bans)


@scenario(outside="tcp.refused", server=None, both="firewall.source-restricted", manual=NO_FAIL2BAN)
def fail2ban_banned_the_client(lab: Lab) -> None:
    """The client's address is among those that fail2ban has banned; others get in."""
    banned(lab, "192.0.2.66", CLIENT)


@scenario(
    outside="tcp.timeout",
    server=None,
    both="firewall.source-restricted",
    heals="both",
    differs=("rules",),
)
def the_client_is_in_a_list(lab: Lab) -> None:
    """A list of one's own holds the client's address; others get in."""
    elements = f"elements = {{ 192.0.2.66, {CLIENT} }}"
    listed = f"\tset denied {{\n\t\ttype ipv4_addr\n\t\t{elements}\n\t}}\n"
    chain(lab, "tcp dport { 80, 443 } ip saddr @denied drop", before=listed)


@scenario(outside="tcp.refused", server=None, both="firewall.source-restricted", manual=NO_FAIL2BAN)
def fail2ban_banned_the_client_with_iptables(lab: Lab) -> None:
    """fail2ban's other action: a chain with a rule for each address."""
    iptables(
        lab,
        "-N f2b-nginx-limit-req",
        f"-A f2b-nginx-limit-req -s {CLIENT} -j REJECT",
        "-A f2b-nginx-limit-req -j RETURN",
        "-I INPUT -p tcp -m multiport --dports 80,443 -j f2b-nginx-limit-req",
    )


OFFICE = "ip saddr 192.0.2.0/24 tcp dport 443 accept"
NECESSARY = (
    "ct state established,related accept",
    "iif lo accept",
    "meta l4proto { icmp, icmpv6 } accept",
    "tcp dport { 22, 80 } accept",
)


@scenario(outside="tcp.timeout", server="firewall.source-restricted", differs=("rules",), ipv6=True)
def office_only_over_both_families(lab: Lab) -> None:
    """443 is open to the office's IPv4 network, and the policy drops the rest: over IPv6 all."""
    alone(lab)
    chain(lab, *NECESSARY, OFFICE, policy="drop")


@scenario(outside="tcp.timeout", server="firewall.source-restricted", differs=("rules",))
def office_only_with_iptables(lab: Lab) -> None:
    """The same with iptables, and a range of addresses."""
    alone(lab)
    iptables(
        lab,
        "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -i lo -j ACCEPT",
        "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT",
        "-A INPUT -p tcp --dport 443 -m iprange --src-range 192.0.2.1-192.0.2.99 -j ACCEPT",
        "-P INPUT DROP",
    )


@scenario(outside="tcp.timeout", server="firewall.source-restricted", differs=("rules",))
def a_country_only(lab: Lab) -> None:
    """A set holds the networks of a country; the client comes from another."""
    alone(lab)
    elements = "{ 192.0.2.0/24, 203.0.113.128/25, 10.20.0.0/16 }"
    kind = "type ipv4_addr\n\t\tflags interval"
    country = f"\tset country_de {{\n\t\t{kind}\n\t\telements = {elements}\n\t}}\n"
    rules = (*NECESSARY, "ip saddr @country_de tcp dport 443 accept")
    chain(lab, *rules, policy="drop", before=country)


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", differs=("rules",))
def closed_and_some_are_banned(lab: Lab) -> None:
    """443 is forgotten, and fail2ban keeps a list of bans for it: it is a question."""
    alone(lab)
    banned(lab, "192.0.2.66")
    chain(lab, *NECESSARY, policy="drop")


@scenario(
    outside="tcp.timeout",
    server="listener.missing",
    target=f"https://{NAME}:8443/",
    manual="which port is a choice",
)
def a_port_where_nothing_listens_is_closed(lab: Lab) -> None:
    """8443 is dropped, and nothing listens there: there is nothing to open."""
    chain(lab, "tcp dport 8443 drop")


# Limits


@scenario(outside=None, server="firewall.rate-limit", differs=("rules",))
def twenty_connections_a_minute(lab: Lab) -> None:
    """New connections beyond twenty a minute, of all visitors together, are dropped."""
    chain(lab, "tcp dport 443 ct state new limit rate over 20/minute burst 40 packets drop")


@scenario(outside=None, server="firewall.rate-limit", differs=("rules",))
def hashlimit_drops(lab: Lab) -> None:
    """iptables lets each address open ten connections a minute."""
    iptables(
        lab,
        "-A INPUT -p tcp --syn --dport 443 -m hashlimit --hashlimit-above 10/minute "
        "--hashlimit-burst 30 --hashlimit-mode srcip --hashlimit-name https -j DROP",
    )


@scenario(outside=None, server="firewall.rate-limit", differs=("rules",))
def four_connections_at_a_time(lab: Lab) -> None:
    """connlimit: an address may have four connections at a time, fewer than a browser opens."""
    iptables(
        lab,
        "-A INPUT -p tcp --syn --dport 443 -m connlimit --connlimit-above 4 "
        "-j REJECT --reject-with tcp-reset",
    )


# On the way out


@scenario(outside="tcp.timeout", server="firewall.egress-blocks", differs=("rules",))
def answers_are_dropped(lab: Lab) -> None:
    """The output chain drops what leaves from port 443."""
    chain(lab, "tcp sport 443 drop", hook="output")


@scenario(outside="tcp.timeout", server="firewall.egress-blocks", differs=("rules",))
def only_named_traffic_may_leave(lab: Lab) -> None:
    """The policy of OUTPUT is DROP, and nothing lets answers out but those of SSH."""
    alone(lab)
    iptables(
        lab,
        "-A OUTPUT -o lo -j ACCEPT",
        "-A OUTPUT -p udp --dport 53 -j ACCEPT",
        "-A OUTPUT -p tcp --sport 22 -j ACCEPT",
        "-A OUTPUT -p tcp --sport 80 -j ACCEPT",
        "-P OUTPUT DROP",
    )


@scenario(
    outside="http.server-error", server="firewall.loopback-blocked",
    manual="the file of the rules is the administrator's",
)  # fmt: skip
def only_answers_may_leave(lab: Lab) -> None:
    """The policy of OUTPUT is DROP, answers to visitors get out, and lo was forgotten: the server
    does not reach its own address either."""
    alone(lab)
    iptables(
        lab,
        "-A OUTPUT -p udp --dport 53 -j ACCEPT",
        "-A OUTPUT -p tcp -m multiport --sports 22,80,443 -j ACCEPT",
        "-P OUTPUT DROP",
    )
