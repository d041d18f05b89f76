"""The name leads nowhere, or to the wrong place."""

import json
from pathlib import Path

from .. import certificates, site
from ..lab import FILES, HERE, SERVER, SERVER6, Lab
from ..scenario import healthy, scenario
from .addresses import other_machine

NAME = "shop.example.com"
UNUSED, UNUSED6 = "203.0.113.77", "2001:db8:2::77"
PROVIDER = "the DNS provider's console"


@scenario(outside="dns.nxdomain", manual=PROVIDER)
def name_does_not_exist(lab: Lab) -> None:
    """The record was never made."""
    lab.dns([])


@scenario(outside=None, unsure=("client", "server", "both"))
def resolver_of_a_closed_network(lab: Lab) -> None:
    """It knows the names of its own network alone, and no com."""
    lab.zone({"wiki.corp.example": {"A": [SERVER]}})


@scenario(outside="dns.no-address", manual="the resolver belongs to somebody else")
def resolver_removes_private_addresses(lab: Lab) -> None:
    """Rebind protection (dnsmasq's stop-dns-rebind, as on home routers): the name has a private
    address, and the resolver answers that it has none."""
    home = "127.0.0.99"
    lab.router.sh(f"ip link set lo up; ip addr replace {home}/8 dev lo")
    lab.undo(lambda: lab.router.sh(f"ip addr del {home}/8 dev lo"))
    lab.router.write(f"{FILES}/home", json.dumps({site.NAME: {"A": ["192.168.7.7"]}}))
    program = lab.router.python(str(HERE / "nameserver.py"), f"{FILES}/home", home)
    table = Path(f"/proc/{lab.router.pid}/net/udp")
    lab.spawn(lab.router, program, lambda: "6300007F:0035" in table.read_text())
    lab.names_behind(home, "--stop-dns-rebind")


@scenario(outside="dns.no-address", manual=PROVIDER)
def name_has_only_a_text(lab: Lab) -> None:
    """The name has a TXT record and neither A nor AAAA."""
    lab.zone({NAME: {"TXT": ['"v=spf1 -all"']}})


@scenario(outside="dns.no-address", manual=PROVIDER)
def only_names_below_it_exist(lab: Lab) -> None:
    """www.shop.example.com exists, and so shop.example.com does, without any record."""
    lab.zone({f"www.{NAME}": {"A": [SERVER]}})


@scenario(outside="dns.dnssec-bogus", manual=PROVIDER)
def dnssec_is_bogus(lab: Lab) -> None:
    """A validating resolver answers SERVFAIL, and with checking disabled the address."""
    lab.zone({NAME: {"A": [SERVER], "fault": "bogus"}})


@scenario(outside="dns.servfail", manual=PROVIDER)
def zone_is_lame(lab: Lab) -> None:
    """The zone's own servers do not answer for it: SERVFAIL whatever is asked."""
    lab.zone({NAME: {"fault": "servfail"}, "*.example.com": {"A": [SERVER]}})


@scenario(outside="dns.resolver-unreachable", manual="the resolver belongs to somebody else")
def resolver_is_silent(lab: Lab) -> None:
    """Queries vanish."""
    lab.zone({NAME: {"fault": "silence"}, "*": {"fault": "silence"}})
    lab.cloud("udp dport 53 drop")
    lab.router.sh("""
        nft add chain inet cloud input '{ type filter hook input priority 0; }'
        nft add rule inet cloud input meta l4proto '{ tcp, udp }' th dport 53 drop
    """)


@scenario(outside="dns.resolver-unreachable", manual="the resolver belongs to somebody else")
def resolver_is_down(lab: Lab) -> None:
    """Nothing listens on the resolver's port 53."""
    lab.stop_names()


@scenario(outside="dns.resolver-unreachable", manual="the resolver belongs to somebody else")
def resolver_refuses(lab: Lab) -> None:
    """The resolver answers REFUSED to everything: it does not serve this network."""
    lab.zone({NAME: {"fault": "refused"}, "*.com": {"fault": "refused"}})


@scenario(outside="dns.resolver-unreachable", server=None, manual="which resolver is a choice")
def no_resolver_configured(lab: Lab) -> None:
    """The client's resolv.conf is empty."""
    lab.client.write("/etc/resolv.conf", "")


@scenario(outside="dns.dangling-cname", manual=PROVIDER)
def alias_of_nothing(lab: Lab) -> None:
    """The name is an alias of a balancer that was deleted."""
    lab.zone({NAME: {"CNAME": ["old-balancer.example.com."]}})


@scenario(outside="dns.cname-loop", manual=PROVIDER)
def aliases_in_a_loop(lab: Lab) -> None:
    """The name is an alias of a name that is an alias of it."""
    lab.zone({NAME: {"CNAME": [f"www.{NAME}."]}, f"www.{NAME}": {"CNAME": [f"{NAME}."]}})


@scenario(outside="dns.private-address", manual=PROVIDER)
def private_address_published(lab: Lab) -> None:
    """The instance's inner address was put into the public record."""
    lab.dns(["192.168.1.10"])


@scenario(outside="dns.private-address", manual=PROVIDER)
def loopback_address_published(lab: Lab) -> None:
    """The record says 127.0.0.1."""
    lab.dns(["127.0.0.1"])


@scenario(outside="dns.private-address", manual=PROVIDER)
def no_address_published(lab: Lab) -> None:
    """The record says 0.0.0.0."""
    lab.dns(["0.0.0.0"])


@scenario(outside="tcp.host-down", server="dns.wrong-address", manual=PROVIDER)
def record_of_the_old_server(lab: Lab) -> None:
    """The record still leads to an address that nobody has any more."""
    lab.dns([UNUSED])


@scenario(outside="tcp.host-down", server="dns.wrong-address", manual=PROVIDER)
def record_of_the_old_server_and_a_block_of_every_name(lab: Lab) -> None:
    """`server_name _` with the site's certificate."""
    lab.change("server_name shop.example.com", "server_name _")
    lab.dns([UNUSED])


@scenario(outside="dns.dead-address", manual=PROVIDER)
def one_of_two_addresses_is_dead(lab: Lab) -> None:
    """Two addresses are published, one of them answers."""
    lab.dns([SERVER, UNUSED])


@scenario(outside="dns.dead-ipv6", manual=PROVIDER)
def ipv6_address_is_dead(lab: Lab) -> None:
    """The AAAA record leads to an address that nobody has."""
    lab.dns([SERVER], [UNUSED6])


@scenario(
    outside="dns.dead-ipv6",
    server="listener.wrong-family",
    differs=(site.CONF, "/etc/nginx/conf.d/default.conf", "listeners"),
    not_on={"redhat": "its default server has port 80 over IPv6"},
)
def ipv6_published_and_not_listened_on(lab: Lab) -> None:
    """An AAAA record for a server whose nginx listens on IPv4 only."""
    lab.dns([SERVER], [SERVER6])


@scenario(outside="dns.hosts-override", server=None, heals="client")
def client_has_an_old_line_in_hosts(lab: Lab) -> None:
    """The client's hosts file names an address that the site had once."""
    lab.client.write("/etc/hosts", lab.client.read("/etc/hosts") + f"{UNUSED} {NAME}\n")


@scenario(outside=None, both=None, server="dns.hosts-override", differs=("/etc/hosts",))
def server_has_an_old_line_in_hosts(lab: Lab) -> None:
    """The server's hosts file names an address that the site had once."""
    lab.server.write("/etc/hosts", lab.server.read("/etc/hosts") + f"{UNUSED} {NAME}\n")


@healthy()
def hosts_file_leads_to_the_same_place(lab: Lab) -> None:
    """The client's hosts file says what DNS says."""
    lab.client.write("/etc/hosts", lab.client.read("/etc/hosts") + f"{SERVER} {NAME} shop\n")


@healthy()
def server_names_itself_in_hosts(lab: Lab) -> None:
    """The server's hosts file sends the site's name to loopback, as many installers do."""
    lab.server.write("/etc/hosts", lab.server.read("/etc/hosts") + f"127.0.0.1 {NAME}\n")


@healthy()
def two_live_addresses(lab: Lab) -> None:
    """Round robin: this server has one of the addresses, or both."""
    lab.server.sh("ip addr add 203.0.113.11/24 dev eth0")
    lab.dns([SERVER, "203.0.113.11"])


@healthy()
def alias_of_a_live_name(lab: Lab) -> None:
    """The name is an alias of another one that leads to the server."""
    lab.zone({NAME: {"CNAME": ["web1.example.com."]}, "web1.example.com": {"A": [SERVER]}})


@healthy()
def answered_by_a_wildcard(lab: Lab) -> None:
    """*.example.com answers for the name."""
    lab.zone({"*.example.com": {"A": [SERVER]}})


@healthy()
def answers_only_over_tcp(lab: Lab) -> None:
    """The resolver cuts every UDP answer; the whole one comes over TCP."""
    lab.zone({NAME: {"A": [SERVER], "fault": "truncated"}})


@healthy()
def forbids_all_authorities(lab: Lab) -> None:
    """CAA admits one authority; the one in use is a private one, and no CAA speaks of it."""
    lab.zone({NAME: {"A": [SERVER], "CAA": ['0 issuewild "letsencrypt.org"']}})


@healthy(ipv6=True)
def both_families(lab: Lab) -> None:
    """A and AAAA, both answer."""


@healthy(ipv6=True)
def ipv6_only(lab: Lab) -> None:
    """AAAA without A, and clients that have IPv6."""
    lab.dns([], [SERVER6])


@healthy(ipv6=True)
def client_without_ipv6(lab: Lab) -> None:
    """A and AAAA, and a client with no IPv6 route: nothing is wrong with the site."""
    lab.client.sh("ip -6 route del default")


@scenario(outside="dns.private-address", manual=PROVIDER)
def private_address_that_a_router_does_not_know(lab: Lab) -> None:
    """An inside address in public DNS; a router on the way says that it has no way there."""
    lab.dns(["10.99.0.10"])


@scenario(outside="dns.hijacked-answer", manual=PROVIDER)
def resolver_that_answers_for_missing_names(lab: Lab) -> None:
    """The record was never made, and the provider answers with the address of its search page.

    After issues about providers that "hijack" NXDOMAIN (AT&T's error assist, Level 3's resolver).
    """
    address = "203.0.113.80"
    other_machine(lab, "return 200 'did you mean';", certificates.leaf("search.example.net"))
    lab.zone({NAME: {"A": [address]}, "*.example.com": {"A": [address]}, "*.com": {"A": [address]}})


@healthy()
def resolver_that_answers_for_every_name(lab: Lab) -> None:
    """A test network in which every name leads to the server, and the certificate is right."""
    everywhere = ("*.example.com", "*.com", "*.invalid")
    lab.zone({NAME: {"A": [SERVER]}, **{name: {"A": [SERVER]} for name in everywhere}})


@scenario(outside="dns.domain-parked", manual="the registrar's console")
def registrar_holds_the_domain_back(lab: Lab) -> None:
    """The owner did not confirm the contact data: the registrar's name servers answer 127.0.0.1.

    After many reports of owners whose server was well all the time (NS1.VERIFICATION-HOLD…).
    """
    servers = [f"ns{number}.verification-hold.suspended-domain.com." for number in (1, 2)]
    lab.zone({NAME: {"A": ["127.0.0.1"]}, "example.com": {"NS": servers}})


@scenario(outside="dns.domain-parked", manual="the registrar's console")
def domain_has_expired(lab: Lab) -> None:
    """The domain expired, and the registrar shows a page with its own certificate.

    After reports about domains at Alibaba Cloud ("NS expirens3.hichina.com, CNAME
    expired.hichina.com").
    """
    address = "203.0.113.80"
    other_machine(lab, "return 200 'renew me';", certificates.leaf("expired.example.net"))
    parking = "expired.hichina.com"
    lab.zone({NAME: {"CNAME": [f"{parking}."]}, parking: {"A": [address]}})


@healthy()
def certificate_and_own_name_servers(lab: Lab) -> None:
    """The domain's name servers are ordinary ones, with a word of parking in a name."""
    lab.zone({NAME: {"A": [SERVER]}, "example.com": {"NS": ["ns1.parking.example.net."]}})
