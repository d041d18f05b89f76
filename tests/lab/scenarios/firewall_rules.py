"""firewalld by more than its zones: rich rules, policies, direct rules, panic mode, sources,
forwards; or something that looks like a fault in them."""

from .. import site
from ..lab import SERVER6, Lab
from ..scenario import healthy, scenario
from .firewall import ZONE, firewalld, now, permanently


def rule(lab: Lab, *rules: str, place: str = "--zone=public", more: str = "") -> None:
    """Rich rules, written down and loaded."""
    for text in rules:
        words = ["firewall-cmd", "--permanent", place, f"--add-rich-rule={text}"]
        lab.server.run(words, check=True)
    firewalld(lab, *([more] if more else []))


def known_to_the_router(lab: Lab) -> None:
    """The router keeps the server's address on the link (ip-neighbour(8), permanent)."""
    mac = lab.server.sh("cat /sys/class/net/eth0/address").strip()
    entry = f"{SERVER6} dev eth1"
    lab.undo(lambda: lab.router.sh(f"ip -6 neigh del {entry}"))
    lab.router.sh(f"ip -6 neigh replace {entry} lladdr {mac} nud permanent")


def policy(lab: Lab, *changes: str, ingress: str = "ANY", name: str = "guard") -> None:
    """A policy for what comes in to the server itself, loaded."""
    firewalld(lab)  # it forgets policies whose files are gone
    permanently(lab, f"--new-policy={name}")
    ways = (f"--add-ingress-zone={ingress}", "--add-egress-zone=HOST", *changes)
    firewalld(lab, *(f"--policy={name} {change}" for change in ways))


CLOSED = "--zone=public --remove-service=https"
POLICY = "/etc/firewalld/policies/guard.xml"
DIRECT_FILE = "/etc/firewalld/direct.xml"


# Rich rules


@scenario(outside="tcp.refused", server="firewall.rich-rule", differs=(ZONE,))
def rich_rule_rejects_https(lab: Lab) -> None:
    """A rich rule rejects the service https, although the zone lists it."""
    rule(lab, 'rule family="ipv4" service name="https" reject')


@scenario(outside="tcp.refused", server="firewall.rich-rule", differs=(ZONE,), ipv6=True)
def rich_rule_rejects_both_families(lab: Lab) -> None:
    """Without a family it is about IPv6 too."""
    rule(lab, 'rule port port="443" protocol="tcp" reject')


@scenario(outside="dns.dead-ipv6", server="firewall.rich-rule", differs=(ZONE,), ipv6=True)
def rich_rule_rejects_ipv6(lab: Lab) -> None:
    """Only over IPv6."""
    rule(lab, 'rule family="ipv6" port port="443" protocol="tcp" reject')


@scenario(outside="tcp.timeout", server="firewall.rich-rule", differs=(ZONE, "rules"))
def rich_rule_drops_a_range(lab: Lab) -> None:
    """440 to 450 are dropped, and logged."""
    rule(
        lab,
        'rule family="ipv4" port port="440-450" protocol="tcp" log prefix="x" level="info" drop',
    )


@scenario(outside="tcp.rejected-by-host", server="firewall.rich-rule", differs=(ZONE,))
def rich_rule_of_negative_priority(lab: Lab) -> None:
    """It comes before one that accepts."""
    rule(
        lab,
        'rule priority="-100" family="ipv4" service name="https" '
        'reject type="icmp-host-prohibited"',
        'rule priority="-10" family="ipv4" service name="https" accept',
    )


@scenario(outside="tcp.refused", server="firewall.rich-rule", differs=(ZONE, "rules"))
def rich_rule_rejects_what_is_not_listed(lab: Lab) -> None:
    """Two things to do: the rule goes, and the zone opens the port."""
    rule(lab, 'rule family="ipv4" service name="https" reject', more=CLOSED)


@scenario(outside="tcp.refused", server="firewall.rich-rule")
def rich_rule_of_now_only(lab: Lab) -> None:
    """Not written down: a reload would do as well."""
    text = 'rule family="ipv4" service name="https" reject'
    lab.server.run(["firewall-cmd", "--zone=public", f"--add-rich-rule={text}"], check=True)


@scenario(outside="tcp.rejected-by-host", server="firewall.port-closed", differs=(ZONE, "rules"))
def rich_rule_rejects_the_rest(lab: Lab) -> None:
    """The last of the rules rejects what nothing opens: https is not open."""
    rule(lab, 'rule priority="100" family="ipv4" reject type="icmp-admin-prohibited"', more=CLOSED)


@scenario(outside=None, server="firewall.not-permanent", differs=(ZONE,))
def rich_rule_written_and_not_loaded(lab: Lab) -> None:
    """The site works until the next reload."""
    text = 'rule family="ipv4" service name="https" drop'
    words = ["firewall-cmd", "--permanent", "--zone=public", f"--add-rich-rule={text}"]
    lab.server.run(words, check=True)


@scenario(outside="tcp.refused", server="firewall.rich-rule", differs=(ZONE,))
def rich_rule_removed_and_not_reloaded(lab: Lab) -> None:
    """It is gone from the files only."""
    text = 'rule family="ipv4" service name="https" reject'
    rule(lab, text)
    words = ["firewall-cmd", "--permanent", "--zone=public", f"--remove-rich-rule={text}"]
    lab.server.run(words, check=True)


@scenario(
    outside="dns.dead-ipv6", server="firewall.port-closed", differs=(ZONE, "rules"), ipv6=True
)
def rich_rule_opens_ipv4_only(lab: Lab) -> None:
    """The rule says family="ipv4", and the site has IPv6 too."""
    rule(lab, 'rule family="ipv4" service name="https" accept', more=CLOSED)


# Policies


@scenario(
    outside="tcp.rejected-by-host", server="firewall.policy", differs=(POLICY, "rules"), ipv6=True
)
def policy_rejects_before_the_zone(lab: Lab) -> None:
    """From ANY to HOST, priority -1, target REJECT; ssh is let through."""
    policy(lab, "--set-target=REJECT", "--add-service=ssh", "--add-service=http")


@scenario(outside="tcp.timeout", server="firewall.policy", differs=(POLICY, "rules"))
def policy_drops_what_comes_from_public(lab: Lab) -> None:
    """From public to HOST, target DROP."""
    policy(lab, "--set-target=DROP", "--add-service=ssh", "--add-port=80/tcp", ingress="public")


@scenario(outside="tcp.refused", server="firewall.policy", differs=(POLICY,))
def rich_rule_of_a_policy_rejects(lab: Lab) -> None:
    """The policy goes on with everything but 443."""
    policy(lab, "--set-target=CONTINUE")
    text = 'rule family="ipv4" port port="443" protocol="tcp" reject'
    rule(lab, text, place="--policy=guard")


@scenario(outside=None, server="firewall.not-permanent", differs=(POLICY, ZONE, "rules"))
def policy_opens_until_the_next_boot(lab: Lab) -> None:
    """The zone does not list https; a policy does, and that is not written down."""
    policy(lab, "--set-target=CONTINUE")
    firewalld(lab, CLOSED)
    now(lab, "--policy=guard --add-service=https")


@scenario(outside=None, server="firewall.not-permanent", differs=(POLICY, "rules"))
def policy_written_and_not_loaded(lab: Lab) -> None:
    """It will reject https after the next reload."""
    firewalld(lab)
    permanently(lab, "--new-policy=guard")
    ways = ("--add-ingress-zone=ANY", "--add-egress-zone=HOST", "--set-target=REJECT")
    permanently(
        lab,
        *(f"--policy=guard {way}" for way in (*ways, "--add-service=ssh", "--add-service=http")),
    )


@scenario(
    outside="tcp.rejected-by-host", server="firewall.port-closed", differs=(POLICY, ZONE, "rules")
)
def policy_after_the_zone_rejects_the_rest(lab: Lab) -> None:
    """Priority 10: it only refuses what the zone does not list."""
    policy(lab, "--set-target=REJECT", "--set-priority=10")
    firewalld(lab, CLOSED)


# Direct rules

DIRECT = "--direct --add-rule ipv4 filter INPUT 0 -p tcp --dport 443 -j DROP"


def on_iptables(lab: Lab) -> None:
    """firewalld's older backend."""
    conf = "/etc/firewalld/firewalld.conf"
    lab.edit("FirewallBackend=nftables", "FirewallBackend=iptables", conf)
    lab.undo(lambda: lab.server.run(["nft", "flush", "ruleset"]))
    lab.undo(lab.firewalld.stop)
    firewalld(lab)


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", differs=("rules", DIRECT_FILE))
def direct_rule_drops(lab: Lab) -> None:
    """firewalld hands it on to iptables; it is written down."""
    firewalld(lab, DIRECT)


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", differs=("rules", DIRECT_FILE))
def direct_rule_drops_on_iptables(lab: Lab) -> None:
    """In a chain of firewalld's own."""
    on_iptables(lab)
    firewalld(lab, DIRECT)


@scenario(outside="tcp.refused", server="firewall.rich-rule", differs=("rules", ZONE))
def rich_rule_rejects_on_iptables(lab: Lab) -> None:
    """The same as on nftables."""
    on_iptables(lab)
    rule(lab, 'rule family="ipv4" service name="https" reject')


@scenario(outside="tcp.refused", server="firewall.port-closed", differs=("rules", ZONE))
def https_closed_on_iptables(lab: Lab) -> None:
    """There it rejects as if nothing listened."""
    on_iptables(lab)
    firewalld(lab, CLOSED)


# Panic


@scenario(outside="tcp.timeout", server="firewall.panic", both="tcp.timeout", ipv6=True)
def panic_mode(lab: Lab) -> None:
    """firewall-cmd --panic-on. Neighbour discovery is dropped too, so the router must not need it:
    when it forgets the server is a matter of seconds."""
    known_to_the_router(lab)
    now(lab, "--panic-on")
    lab.undo(lambda: now(lab, "--panic-off"))


# Sources


@scenario(
    outside="tcp.timeout",
    server="firewall.source-zone",
    both="tcp.timeout",
    differs=(ZONE, "/etc/firewalld/zones/drop.xml", "rules"),
)
def everybody_is_bound_to_the_drop_zone(lab: Lab) -> None:
    """The zone drop has the source 0.0.0.0/0."""
    firewalld(lab, "--zone=drop --add-source=0.0.0.0/0")


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.source-zone",
    differs=("/etc/firewalld/zones/work.xml", "rules"),
)
def everybody_is_bound_to_a_zone_without_https(lab: Lab) -> None:
    """The zone work lists ssh and http only, and has the source 0.0.0.0/0."""
    firewalld(lab, "--zone=work --add-source=0.0.0.0/0", "--zone=work --add-service=http")


@scenario(
    outside="tcp.rejected-by-host",
    server=None,
    both="firewall.source-zone",
    heals="both",
    differs=("/etc/firewalld/zones/work.xml", "rules"),
)
def client_is_bound_to_a_zone_without_https(lab: Lab) -> None:
    """The zone work has the client's network for a source, and lists ssh and http only."""
    firewalld(lab, "--zone=work --add-source=198.51.100.0/24", "--zone=work --add-service=http")


@scenario(
    outside="tcp.rejected-by-host",
    server=None,
    both="firewall.source-zone",
    heals="both",
    differs=("/etc/firewalld/zones/work.xml", "rules"),
    ipv6=True,
)
def client_is_in_sets_that_are_bound(lab: Lab) -> None:
    """Two sets, one for each family."""
    for name, options, entry in (
        ("four", "", "198.51.100.0/24"),
        ("six", " --family=inet6", "2001:db8:1::/64"),
    ):
        permanently(lab, f"--new-ipset={name} --type=hash:net{options}")
        permanently(lab, f"--ipset={name} --add-entry={entry}")
    sources = ("--add-source=ipset:four", "--add-source=ipset:six", "--add-service=http")
    firewalld(lab, *(f"--zone=work {source}" for source in sources))


@scenario(
    outside="tcp.timeout",
    server=None,
    both="firewall.rich-rule",
    heals="both",
    differs=(ZONE,),
)
def rich_rule_bans_the_client(lab: Lab) -> None:
    """443 only, so that SSH gets in."""
    rule(lab, 'rule family="ipv4" source address="198.51.100.10" service name="https" drop')


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.source-restricted",
    differs=(ZONE, "rules"),
)
def rich_rules_let_in_the_office_only(lab: Lab) -> None:
    """The zone does not list https, and rich rules accept it from two networks."""
    rule(
        lab,
        'rule family="ipv4" source address="192.0.2.0/25" service name="https" accept',
        'rule family="ipv4" source address="192.0.2.128/25" service name="https" accept',
        more=CLOSED,
    )


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.source-restricted",
    differs=(ZONE, "/etc/firewalld/zones/work.xml", "rules"),
)
def a_source_zone_lets_in_the_office_only(lab: Lab) -> None:
    """The zone public does not list https, and the zone work does, for the office's network."""
    rule(lab, more=CLOSED)
    firewalld(
        lab,
        "--zone=work --add-source=192.0.2.0/24",
        "--zone=work --add-service=https",
        "--zone=work --add-service=http",
    )


# Forwards

APPLICATION = "/etc/nginx/conf.d/8443.conf"


def also_on_8443(lab: Lab, ssl: str = " ssl") -> None:
    """nginx serves the same site there."""
    lab.configure(site.HTTPS.replace("listen 443 ssl", f"listen 8443{ssl}"), APPLICATION)


@scenario(outside="tcp.refused", server="firewall.forward-port", differs=(ZONE,), ipv6=True)
def forward_to_a_port_where_nothing_listens(lab: Lab) -> None:
    """443 is forwarded to 8443, and over IPv6 all is well."""
    firewalld(lab, "--zone=public --add-forward-port=port=443:proto=tcp:toport=8443")


@scenario(outside="tcp.refused", server="firewall.forward-port", differs=(ZONE,))
def forward_to_a_service_on_loopback(lab: Lab) -> None:
    """The application listens on 127.0.0.1:3000 only."""
    firewalld(lab, "--zone=public --add-forward-port=port=443:proto=tcp:toport=3000")


@scenario(outside="tcp.refused", server="firewall.forward-port", differs=(ZONE, "rules"))
def forward_by_a_rich_rule(lab: Lab) -> None:
    """And the zone does not list https."""
    text = 'rule family="ipv4" forward-port port="443" protocol="tcp" to-port="8443"'
    rule(lab, text, more=CLOSED)


@scenario(outside="tls.plain-http", server="firewall.forward-port", differs=(ZONE,))
def forward_to_a_port_without_tls(lab: Lab) -> None:
    """nginx listens on 8443, without ssl."""
    also_on_8443(lab, ssl="")
    firewalld(lab, "--zone=public --add-forward-port=port=443:proto=tcp:toport=8443")


@healthy()
def forward_to_another_port_of_the_site(lab: Lab) -> None:
    """443 is forwarded to 8443, where nginx serves the same site."""
    also_on_8443(lab)
    firewalld(lab, CLOSED, "--zone=public --add-forward-port=port=443:proto=tcp:toport=8443")


@healthy(ipv6=True)
def forward_of_another_port(lab: Lab) -> None:
    """8443 is forwarded to where nothing listens."""
    firewalld(lab, "--zone=public --add-forward-port=port=8443:proto=tcp:toport=9443")


@healthy()
def rich_rule_about_others(lab: Lab) -> None:
    """Another port is rejected, and another network's https dropped."""
    rule(
        lab,
        'rule family="ipv4" port port="8443" protocol="tcp" reject',
        'rule family="ipv4" source address="192.0.2.0/24" service name="https" drop',
        'rule family="ipv6" port port="443" protocol="tcp" reject',
    )


@healthy()
def rich_rule_shuts_out_all_but_some_of_a_network(lab: Lab) -> None:
    """Not from 192.0.2.0/24, unless from 192.0.2.7."""
    rule(
        lab,
        'rule family="ipv4" source address="192.0.2.0/24" drop',
        'rule priority="-1" family="ipv4" source address="192.0.2.7" accept',
    )


@healthy()
def rich_rule_opens_443_with_a_limit(lab: Lab) -> None:
    """So many connections a second, and no more."""
    rule(
        lab,
        'rule service name="https" log prefix="n" limit value="3/m" accept limit value="200/s"',
        more=CLOSED,
    )


@healthy(ipv6=True)
def policy_opens_443(lab: Lab) -> None:
    """The zone does not list https; the policy does."""
    policy(lab, "--set-target=CONTINUE", "--add-service=https")
    firewalld(lab, CLOSED)


@healthy(ipv6=True)
def policy_rejects_all_but_the_site(lab: Lab) -> None:
    """Target DROP, and what the site needs is let through."""
    policy(
        lab, "--set-target=DROP", "--add-service=ssh", "--add-service=http", "--add-port=443/tcp"
    )


@healthy()
def policy_after_the_zone_rejects_others(lab: Lab) -> None:
    """The zone lists https."""
    policy(lab, "--set-target=REJECT", "--set-priority=10")


@healthy()
def policy_for_another_zone(lab: Lab) -> None:
    """Nobody comes in by dmz."""
    policy(lab, "--set-target=DROP", ingress="dmz")


@healthy()
def office_is_bound_to_the_drop_zone(lab: Lab) -> None:
    """192.0.2.0/24 and a set of addresses get no answer; all others do."""
    permanently(
        lab, "--new-ipset=banned --type=hash:net", "--ipset=banned --add-entry=192.0.2.128/25"
    )
    firewalld(
        lab, "--zone=drop --add-source=192.0.2.0/24", "--zone=block --add-source=ipset:banned"
    )


@healthy()
def service_by_inclusion(lab: Lab) -> None:
    """The zone lists a service of the administrator's that includes https."""
    lab.server.write(
        "/etc/firewalld/services/site.xml", '<service><include service="https"/></service>\n'
    )
    firewalld(lab)
    firewalld(lab, CLOSED, "--zone=public --add-service=site")
    # The daemon would not load a zone with a service that is gone.
    lab.undo(lambda: firewalld(lab, "--zone=public --remove-service=site"))


@healthy()
def small_range(lab: Lab) -> None:
    """440-450 are open."""
    firewalld(lab, CLOSED, "--zone=public --add-port=440-450/tcp")


@healthy()
def all_of_tcp_is_open(lab: Lab) -> None:
    """By its protocol."""
    firewalld(lab, CLOSED, "--zone=public --add-protocol=tcp")


# The server's own loopback

OWN = "nft -f - <<'END'\ntable inet own {{\n chain input {{\n  type filter hook input priority 0; \
policy drop;\n{}  ct state established,related accept\n  icmp type echo-request accept\n  \
tcp dport {{ 22, 80, 443 }} accept\n }}\n}}\nEND"


def _own_rules(lab: Lab, first: str) -> None:
    lab.undo(lambda: lab.server.sh("nft delete table inet own"))
    lab.server.sh(OWN.format(first))


@scenario(
    outside="http.server-error", server="firewall.loopback-blocked",
    manual="the file of the rules is the administrator's",
)  # fmt: skip
def loopback_is_dropped(lab: Lab) -> None:
    """Only some ports are open, and lo was forgotten, after an issue of dfw."""
    _own_rules(lab, "")


@healthy()
def loopback_is_accepted(lab: Lab) -> None:
    _own_rules(lab, "  iif lo accept\n")
