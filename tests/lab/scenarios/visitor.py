"""The site works, and not for everybody: the visitor for whom the run judges is shut out while the
laboratory's client gets in; or somebody else is shut out, and the visitor is not.

From outside nobody can tell; what the cure does to the visitor test_visitor.py tries."""

import shutil
from collections.abc import Callable

from .. import site
from ..hosts import PATH
from ..lab import CLIENT, Lab
from ..scenario import Apply, healthy, scenario
from .firewall import firewalld
from .firewall_rules import rule
from .netfilter import chain, iptables

VISITOR, OTHER = "192.0.2.66", "192.0.2.99"
FROM = ("--from", VISITOR)
ELSEWHERE = "tests/lab/test_visitor.py carries it out, and tries it from the visitor's address"

# fail2ban itself, on the server, with a jail that nothing but a person fills.
JAIL = """\
[DEFAULT]
backend = polling
[sshd]
enabled = false
[nginx-http-auth]
enabled = true
logpath = /var/log/nginx/error.log
port = http,https
banaction = {action}
"""


def shut_out(check: str, needs: Callable[[], str] = lambda: "") -> Callable[[Apply], Apply]:
    """The visitor is; from outside the site is well, as far as anybody can see from there."""
    return scenario(
        outside=None, server=check, args=FROM, unsure=("client",), manual=ELSEWHERE, needs=needs
    )


def let_in(apply: Apply) -> Apply:
    return healthy(args=FROM, unsure=("client",))(apply)


def fail2ban(lab: Lab, action: str, *banned: str) -> None:
    """Run it with one jail, and have that ban these addresses."""
    server = lab.server
    server.sh("mkdir -p /run/fail2ban; touch /var/log/nginx/error.log")
    server.write("/etc/fail2ban/jail.local", JAIL.format(action=action))
    # Without a database: it would ban again whom an earlier scenario had banned.
    server.write("/etc/fail2ban/fail2ban.local", "[Definition]\ndbfile = None\n")
    lab.undo(lambda: server.sh("rm -f /etc/fail2ban/jail.local /etc/fail2ban/fail2ban.local"))

    def ready() -> bool:
        asked = ["fail2ban-client", "status", "nginx-http-auth"]
        return server.run(asked).returncode == 0

    argv = ["fail2ban-server", "-f", "--logtarget", "/run/fail2ban/log", "start"]
    lab.spawn(server, argv, ready)
    lab.undo(lambda: server.run(["fail2ban-client", "stop"]))
    for address in banned:
        server.run(["fail2ban-client", "set", "nginx-http-auth", "banip", address], check=True)


def no_fail2ban() -> str:
    there = shutil.which("fail2ban-server", path=PATH)
    return "" if there else "fail2ban is not installed here"


def inside(lab: Lab, lines: str, before: str = "") -> None:
    """These lines in the location of the page, and those before the server block."""
    text = site.configuration().replace(
        "  location / {\n    proxy", f"  location / {{\n{lines}    proxy", 1
    )
    lab.configure(before + text)


# The visitor is shut out


@shut_out("firewall.visitor-banned", needs=no_fail2ban)
def fail2ban_banned_the_visitor(lab: Lab) -> None:
    """A jail of a real fail2ban has banned the visitor, with nftables."""
    fail2ban(lab, "nftables-multiport", OTHER, VISITOR)


@shut_out("firewall.visitor-banned", needs=no_fail2ban)
def fail2ban_banned_the_visitor_with_iptables(lab: Lab) -> None:
    """The same, with iptables: a rule for each address."""
    fail2ban(lab, "iptables-multiport", OTHER, VISITOR)


@shut_out("host.visitor-unroutable", needs=no_fail2ban)
def fail2ban_banned_the_visitor_with_a_route(lab: Lab) -> None:
    """The same, with a route that leads nowhere: no rule shows it."""
    fail2ban(lab, "route", OTHER, VISITOR)


@shut_out("host.visitor-unroutable")
def a_blackhole_swallows_the_visitor(lab: Lab) -> None:
    """Somebody made a route by hand."""
    lab.undo(lambda: lab.server.run(["ip", "route", "del", "blackhole", VISITOR]))
    lab.server.sh(f"ip route add blackhole {VISITOR}")


@shut_out("firewall.visitor-banned")
def the_visitor_is_in_a_set_for_a_time(lab: Lab) -> None:
    """Each address of the set leaves it by itself after an hour."""
    kind = "\t\ttype ipv4_addr\n\t\tflags timeout\n\t\ttimeout 1h\n"
    elements = f"\t\telements = {{ {OTHER}, {VISITOR} }}\n"
    chain(
        lab,
        "tcp dport { 80, 443 } ip saddr @denied drop",
        before=f"\tset denied {{\n{kind}{elements}\t}}\n",
    )


@shut_out("firewall.visitor-banned")
def the_visitors_network_is_dropped(lab: Lab) -> None:
    """Before conntrack sees anything, and with all its neighbours."""
    chain(lab, "ip saddr 192.0.2.64/27 drop", hook="prerouting", priority="-300")


@shut_out("firewall.visitor-banned")
def iptables_drops_the_visitor(lab: Lab) -> None:
    """One rule by hand, about one address."""
    iptables(lab, f"-I INPUT -s {VISITOR} -j DROP")


@shut_out("firewall.source-restricted")
def the_visitor_is_not_on_the_list_of_the_rules(lab: Lab) -> None:
    """443 is open to the client's network, and to nobody else."""
    chain(
        lab, "iif lo accept", "ip saddr 198.51.100.0/24 tcp dport 443 accept", "tcp dport 443 drop"
    )


@shut_out("firewall.source-zone")
def the_visitor_is_bound_to_the_drop_zone(lab: Lab) -> None:
    """firewalld's zone drop has the visitor's address for a source."""
    firewalld(lab, f"--zone=drop --add-source={VISITOR}")


@shut_out("firewall.rich-rule")
def a_rich_rule_drops_the_visitor(lab: Lab) -> None:
    """As fail2ban's action for firewalld writes it."""
    rule(lab, f'rule family="ipv4" source address="{VISITOR}" port port="443" protocol="tcp" drop')


@shut_out("nginx.visitor-denied")
def nginx_denies_the_visitor(lab: Lab) -> None:
    """A deny about one address."""
    inside(lab, f"    deny {OTHER};\n    deny {VISITOR};\n")


@shut_out("nginx.visitor-denied")
def the_visitor_is_not_on_nginxs_list(lab: Lab) -> None:
    """Allowed are the client, the server itself, and nobody else."""
    inside(lab, f"    allow {CLIENT};\n    allow 203.0.113.0/24;\n    deny all;\n")


@shut_out("nginx.visitor-denied")
def a_geo_block_refuses_the_visitor(lab: Lab) -> None:
    """A network is blocked by a variable."""
    geo = "geo $blocked {\n  default 0;\n  192.0.2.64/27 1;\n}\n"
    inside(lab, "    if ($blocked) {\n      return 403;\n    }\n", geo)


# Somebody else is


@let_in
def fail2ban_banned_another_visitor(lab: Lab) -> None:
    """Another one, where fail2ban is; else as it writes it."""
    if no_fail2ban():
        chain(lab, f"tcp dport {{ 80, 443 }} ip saddr {OTHER} reject", table="inet f2b-table")
    else:
        fail2ban(lab, "nftables-multiport", OTHER)


@let_in
def a_blackhole_swallows_another_visitor(lab: Lab) -> None:
    """A route for one address, and it is not the visitor's."""
    lab.undo(lambda: lab.server.run(["ip", "route", "del", "blackhole", OTHER]))
    lab.server.sh(f"ip route add blackhole {OTHER}")


@let_in
def others_are_in_sets_and_zones(lab: Lab) -> None:
    """A set, a rule, firewalld's zone drop and nginx know another address."""
    firewalld(lab, f"--zone=drop --add-source={OTHER}")
    chain(
        lab,
        "tcp dport { 80, 443 } ip saddr @denied drop",
        before=f"\tset denied {{\n\t\ttype ipv4_addr\n\t\telements = {{ {OTHER} }}\n\t}}\n",
    )
    inside(lab, f"    deny {OTHER};\n    deny 192.0.2.96/27;\n")


@let_in
def the_visitor_is_on_both_lists(lab: Lab) -> None:
    """Strangers are let in neither by the rules nor by nginx; the visitor is by both."""
    chain(
        lab,
        "iif lo accept",
        f"ip saddr {{ {VISITOR}, {CLIENT} }} tcp dport 443 accept",
        "tcp dport 443 drop",
    )
    inside(
        lab,
        f"    allow {VISITOR};\n    allow {CLIENT};\n    allow 203.0.113.0/24;\n    deny all;\n",
    )
