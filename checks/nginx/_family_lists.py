"""A list of `allow` lines for networks of one address family, before `deny all`, of a site that
visitors reach by both families (ngx_http_access_module): over the other one nobody comes in."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from checks.nginx import Nginx
from checks.nginx._access import visitor_access
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._logged_denials import refusals
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.addresses import are_of_both_sides, family_of, is_private
from diagnose.model.dns import final_answers
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.access_rules import access_rules
from diagnose.parsers.nginx.edits import insert_before

#: Networks of more visitors are not written one by one.
_MAX_NETWORKS = 3
#: What a line has (IPv4), or a home or an office (IPv6, RFC 6177).
_PREFIX = {4: 32, 6: 64}
_NAMES = {4: "IPv4", 6: "IPv6"}

Network = IPv4Network | IPv6Network


@frozen(eq=False)
class FamilyDenial:
    """`deny all` behind `allow` lines of one family, and the visitors of the other whom it
    refused by the log."""

    rule: Directive
    networks: tuple[str, ...]
    lines: tuple[LogLine, ...]
    visitors: tuple[str, ...]
    version: int

    @property
    def facts(self) -> dict[str, str]:
        """The family of the networks in the list, and the one of which it has none."""
        return {"only": _NAMES[10 - self.version], "lacking": _NAMES[self.version]}


def family_denial(nginx: Nginx, *, is_told: bool) -> FamilyDenial | None:
    """Return what refuses visitors of one family alone; None if the list may be meant for these
    networks and no others.

    Who looks for open doors comes over both families. So no other visitor is refused, and the
    list names networks inside and outside, or a message (`is_told`) says that a visitor gets 403.
    """
    evidence = nginx.evidence
    records = {record for answer in final_answers(evidence).values() for record in answer.records}
    if {family_of(record) for record in records if is_address(record)} != {4, 6}:
        return None
    lines = refusals(nginx)
    versions = {family_of(line.client) for line in lines}
    if len(versions) != 1 or any(is_private(line.client) for line in lines):
        return None
    version = versions.pop()
    visitors = tuple(dict.fromkeys(line.client for line in lines))
    for match in nginx.location_matches(evidence.target.path):
        rule, networks = _reserved(access_rules(match))
        if (
            rule is not None
            and {network.version for network in networks} == {10 - version}
            and (is_told or are_of_both_sides(networks))
            and all(_is_refused_by(nginx, visitor, rule) for visitor in visitors)
        ):
            shown = tuple(str(network) for network in networks)
            return FamilyDenial(rule, shown, tuple(lines), visitors, version)
    return None


def _reserved(rules: tuple[Directive, ...]) -> tuple[Directive | None, tuple[Network, ...]]:
    """Return `deny all` and the networks that are allowed before it, without those of the machine
    itself ("unix:" too); None and () if nobody is refused so."""
    networks: list[Network] = []
    for rule in rules:
        if rule.name == "deny":
            if rule.args[0] == "all":
                return rule, tuple(networks)
            continue
        try:
            network = ip_network(rule.args[0], strict=False)
        except ValueError:
            if rule.args[0] == "all":
                break
            continue
        if not network.is_loopback:
            networks.append(network)
    return None, ()


def _is_refused_by(nginx: Nginx, visitor: str, rule: Directive) -> bool:
    """Return whether nginx listens on the visitor's family, and refuses the visitor by the rule."""
    return any(
        access.answer.verdict == "denied" and access.answer.decided_by is rule
        for access in visitor_access(nginx, visitor)
        if (":" in access.selected_server.socket.address) is (":" in visitor)
    )


def allowed_families(nginx: Nginx, denial: FamilyDenial) -> Fix:
    """Return what lets the networks of the refused visitors in. Whose they are, a person knows."""
    prefix, file = _PREFIX[denial.version], nginx.file(denial.rule)
    networks = tuple(
        dict.fromkeys(
            str(ip_network(f"{visitor}/{prefix}", strict=False)) for visitor in denial.visitors
        )
    )
    edits = (
        config_edits(
            nginx,
            {
                denial.rule.file: [
                    insert_before(
                        file.text, denial.rule, [f"allow {network};" for network in networks]
                    )
                ]
            },
        )
        if file is not None and len(networks) <= _MAX_NETWORKS
        else ()
    )
    step = Manual("allow-family", Where.SERVER, commands=chosen_edits(nginx, edits))
    return Fix((step,), Applicability.MANUAL)
