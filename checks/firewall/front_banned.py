"""A machine in front of this server (a CDN, a load balancer) answers with an error, and the
server's own packet filter or a route shuts out its address while it lets strangers in: all visitors
come from there, so a program that bans attackers (fail2ban, CrowdSec) has counted them as one.
"""

import re
from collections.abc import Iterator

from checks.firewall import _unban
from checks.firewall._front_errors import is_well_here, unconnected_exchanges
from checks.firewall._netfilter import Blockage, NetfilterView, netfilter_view
from checks.firewall._shut_out import shut_out_at_own_addresses
from checks.http import _fronts, addresses, endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
    firewall_commands,
    network_commands,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.visitor import ClosedRoute, ClosedRoutes, Jails
from diagnose.model.web_servers import ServerFile, WebServerConfig
from diagnose.parsers.cdn import CLOUDFLARE_NETWORKS, is_cloudflare
from diagnose.parsers.linux.bans import network, network_contains

#: Most addresses of the front that the remedy lets in.
MAX_ADDRESSES = 8
#: Widest networks, by the lengths of their prefixes, that tell who the proxies are (10.0.0.0/8).
_WIDEST = {4: 8, 6: 16}
#: Lines that name the proxies of a web server.
_TRUSTING = re.compile(
    r"(?:^|[;{])[ \t]*(?:set_real_ip_from|RemoteIP(?:Internal|Trusted)Proxy|trusted_proxies)[ \t]+"
    r"([^\n#{};]{1,2000})",
    re.MULTILINE | re.IGNORECASE,
)


@check(
    severity=Severity.ERROR,
    needs=[Exchange, Ruleset],
    needs_fault=[Exchange],
    explains=[
        "http.cdn-error",
        "http.error-in-front",
        "http.edge-at-fault",
        "http.server-error",
        "http.no-redirect",
        "http.acme-challenge-blocked",
        "websocket.not-upgraded",
    ],
)
def front_banned(evidence: Evidence) -> Iterator[Claim]:
    exchanges = unconnected_exchanges(evidence)
    if not exchanges or not is_well_here(evidence):
        return
    machines = addresses(exchanges)
    fronts = _fronts.fronts(evidence, machines)
    errors = [_fronts.cdn_error(exchange) for exchange in exchanges]
    if not fronts and not all(errors):
        return
    view, port = netfilter_view(evidence), evidence.target.port
    product = next((error.product for error in errors if error), "")
    bans: dict[str, _Ban] = {}
    trusted = _trusted_networks(evidence)
    for address in _candidates(view, machines):
        if len(bans) < MAX_ADDRESSES and _is_of_front(address, machines, product, trusted):
            route = _closed_route(evidence, address)
            if route or view.shuts_out(port, address):
                bans[address] = _Ban(view.own_blockages(port, address), route)
    if bans:
        product = product or _fronts.product_name(fronts, ())
        yield _claim(view, exchanges, product, bans)


@frozen(eq=False)
class _Ban:
    """What shuts out one address: the rules, if they are not firewalld's, and the route that
    discards the replies."""

    blockages: tuple[Blockage, ...]
    route: ClosedRoute | None


def _candidates(view: NetfilterView, machines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses of the failing machines, and those that are banned."""
    evidence = view.evidence
    jails = (jail for jail_list in evidence.good(Jails) for jail in jail_list.jails)
    banned = [address for jail in jails for address in jail.banned]
    banned += shut_out_at_own_addresses(view, evidence.target.port)
    banned += [route.network for routes in evidence.good(ClosedRoutes) for route in routes.routes]
    singles = [
        str(subnet.network_address)
        for text in banned
        if (subnet := network(text)) and subnet.num_addresses == 1
    ]
    return tuple(dict.fromkeys((*machines, *singles)))


def _is_of_front(
    address: str, machines: tuple[str, ...], product: str, trusted: tuple[str, ...]
) -> bool:
    """Return whether an address is one of the machines in front: one of the name's, one of
    Cloudflare's, which asks the server from all its networks, or one that the web server trusts as
    a proxy. A neighbour of the name's address may be an attacker at the same hoster."""
    if address in machines or (product == "Cloudflare" and is_cloudflare(address)):
        return True
    return any(network_contains(each, address) for each in trusted)


def _trusted_networks(evidence: Evidence) -> tuple[str, ...]:
    """Return the networks from which the web servers take the visitor's address: nginx
    (set_real_ip_from), Apache (mod_remoteip), Caddy (trusted_proxies). Who trusts everybody names
    no machine."""
    files: list[ConfigFile | ServerFile] = [
        file for config in evidence.good(NginxConfig) for file in config.files
    ]
    files += [file for config in evidence.good(WebServerConfig) for file in config.files]
    words = (
        word for file in files for line in _TRUSTING.findall(file.text) for word in line.split()
    )
    subnets = {subnet for word in words if (subnet := network(word))}
    return tuple(str(subnet) for subnet in subnets if subnet.prefixlen >= _WIDEST[subnet.version])


def _closed_route(evidence: Evidence, address: str) -> ClosedRoute | None:
    """Return the route that discards the replies to this one address."""
    return next(
        (
            route
            for routes in evidence.good(ClosedRoutes)
            for route in routes.routes
            if (subnet := network(route.network))
            and subnet.num_addresses == 1
            and network_contains(route.network, address)
        ),
        None,
    )


def _claim(
    view: NetfilterView, exchanges: list[Exchange], product: str, bans: dict[str, _Ban]
) -> Claim:
    evidence, subjects = view.evidence, endpoint_subjects(exchanges)
    jails = tuple(
        dict.fromkeys(
            jail for address, ban in bans.items() for jail in _jails(view, address, ban.blockages)
        )
    )
    rules = (blockage.place.text for ban in bans.values() for blockage in ban.blockages)
    owners = (blockage.owner for ban in bans.values() for blockage in ban.blockages)
    routes = tuple(f"{ban.route.kind} {ban.route.network}" for ban in bans.values() if ban.route)
    networks = CLOUDFLARE_NETWORKS if product == "Cloudflare" else tuple(bans)
    return Claim(
        about=Subject(port=evidence.target.port, text="addresses in front that are shut out"),
        covers=(*subjects, *_fronts.other_subjects(evidence, exchanges)),
        because=(
            *exchanges,
            *view.because,
            *evidence.good(Jails),
            *evidence.good(ClosedRoutes),
        ),
        confidence=Confidence.LIKELY,
        facts={
            "url": exchanges[0].url,
            "status": exchanges[0].status,
            "product": product,
            "addresses": tuple(bans),
            "jails": jails,
            "owner": next((owner for owner in owners if owner != "hand"), ""),
            "rules": (*dict.fromkeys(rules), *routes)[:3],
            "ignored": networks,
            "line": " ".join(("ignoreip = 127.0.0.1/8 ::1", *networks)),
        },
        fix=_fix(view, bans, jails),
    )


def _jails(view: NetfilterView, address: str, blockages: tuple[Blockage, ...]) -> tuple[str, ...]:
    """Return the jails of fail2ban that have banned the address: as it says, or by the rules."""
    held = [jail for jails in view.evidence.good(Jails) for jail in jails.banning(address)]
    by_rules = (
        jail
        for blockage in blockages
        if blockage.owner == "fail2ban"
        for jail in _unban.banning_jails(view, blockage)
    )
    return tuple(dict.fromkeys((*held, *by_rules)))


def _fix(view: NetfilterView, bans: dict[str, _Ban], jails: tuple[str, ...]) -> Fix:
    """Lift the bans. A jail that still counts the address would ban it again at once."""
    steps: dict[Step, None] = {}
    for address, ban in bans.items():
        holding = _jails(view, address, ban.blockages)
        for jail in holding:
            steps[firewall_commands.ignore(jail, address)] = None
            steps[firewall_commands.unban(jail, address)] = None
        others = [blockage for blockage in ban.blockages if not _is_by_jail(view, blockage)]
        if others:
            steps |= dict.fromkeys(_unban.unban_fix(view, others).steps)
        if ban.route and not holding:
            table = ("table", ban.route.table) if ban.route.table else ()
            selector = (ban.route.kind, address, *table)
            steps[network_commands.delete_route(selector, ipv6=":" in address)] = None
    steps[Manual("keep-in" if jails else "keep-out-of-lists", Where.SERVER)] = None
    is_by_command = any(isinstance(step, Command) for step in steps)
    return Fix(tuple(steps), Applicability.REVIEW if is_by_command else Applicability.MANUAL)


def _is_by_jail(view: NetfilterView, blockage: Blockage) -> bool:
    """Return whether lifting the ban in fail2ban takes the rule away."""
    return blockage.owner == "fail2ban" and bool(_unban.banning_jails(view, blockage))
