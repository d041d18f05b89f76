"""A zone bound to a source takes precedence over the zone of the interface: it alone decides about
packets from that source (firewalld.zones(5)).

Whether it refuses a visitor is known only if it applies to the client that runs the checks, or to
everybody. Otherwise it is a note.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import EXPLAINS, _restricted_ports, shortened
from checks.firewall._firewalld import FirewalldView, VisitorOutcome, firewalld_view
from checks.firewall._firewalld_claims import claim, facts, subject_of, subjects_of
from checks.firewall._firewalld_fixes import allow_commands, firewall_cmd, opening_fix
from checks.firewall._refusals import Refusal, refusals
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Command, Evidence, Fix, Risk, Severity
from diagnose.model.firewall import Firewalld, Zone
from diagnose.parsers.firewalld.rich_rules import is_address_in

#: How many sources are shown.
_SHOWN = 5


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def source_zone(evidence: Evidence) -> Iterator[Claim]:
    firewalld = firewalld_view(evidence)
    reported_zones = set()
    for refusal in refusals(firewalld, "source-zone"):
        reported_zones.add(refusal.zone.name)
        sources = _bound_sources(refusal)
        ipsets = tuple(source[6:] for source in sources if source.startswith("ipset:"))
        yield claim(
            refusal,
            firewalld,
            _fix(firewalld, refusal),
            client=refusal.client_addresses,
            sources=sources,
            set=ipsets[0] if ipsets else "",
            opens=_opens_anything(refusal.zone) or not refusal.client_addresses,
            note=False,
        )
    outcomes = [
        outcome for outcome in firewalld.outcomes(evidence.target.port) if outcome.runtime.admits
    ]
    for zone in firewalld.runtime.zones.values():
        if zone.name not in reported_zones and (
            refused_sources := _refused_sources(firewalld, zone, outcomes)
        ):
            yield _refused_sources_claim(zone, outcomes[0], refused_sources)


def _opens_anything(zone: Zone) -> bool:
    """Return whether the zone lets something in, rather than only blocking its sources."""
    return bool(zone.opens) or zone.target == "default"


def _bound_sources(refusal: Refusal) -> tuple[str, ...]:
    return tuple(dict.fromkeys(outcome.runtime.zone_match.source for outcome in refusal.outcomes))


def _fix(firewalld: FirewalldView, refusal: Refusal) -> Fix:
    """Open the ports in the zone if it opens other ports or if everybody enters by it. Otherwise
    unbind the client's source.

    Two changes are left to a person. Unbinding every source would open everything that the
    interface's zone lets in. Opening a port in the zone would also open it to the other blocked
    sources.
    """
    if _opens_anything(refusal.zone):
        return opening_fix(firewalld, refusal)
    if not refusal.client_addresses:
        is_only_source = set(refusal.zone.sources) <= set(_bound_sources(refusal))
        applicability = Applicability.AUTOMATIC if is_only_source else Applicability.REVIEW
        return replace(opening_fix(firewalld, refusal), applicability=applicability)
    steps = (step for outcome in refusal.outcomes for step in _unbind_commands(firewalld, outcome))
    unbind_fix = Fix(tuple(dict.fromkeys(steps)), Applicability.REVIEW)
    if _is_bound_alone(firewalld, refusal):
        return unbind_fix
    # The client's source covers other addresses of its network too, and they stay in the zone.
    narrow_steps = allow_commands(refusal.outcomes, refusal.client_addresses[0])
    return _restricted_ports.question(narrow_steps, unbind_fix, refusal.client_addresses[0])


def _is_bound_alone(firewalld: FirewalldView, refusal: Refusal) -> bool:
    def entry(outcome: VisitorOutcome) -> str:
        source = outcome.runtime.zone_match.source
        return (
            _ipset_entry(firewalld, source[6:], outcome) if source.startswith("ipset:") else source
        )

    return all(
        entry(outcome).removesuffix("/32").removesuffix("/128") == outcome.packet.source
        for outcome in refusal.outcomes
    )


def _unbind_commands(firewalld: FirewalldView, outcome: VisitorOutcome) -> tuple[Command, ...]:
    source, zone = outcome.runtime.zone_match.source, outcome.runtime.zone_match.zone.name
    scope_option, binding, permanent_zone = (
        f"--zone={zone}",
        f"source={source}",
        firewalld.permanent.zones.get(zone),
    )
    is_permanent = permanent_zone is not None and source in permanent_zone.sources
    if source.startswith("ipset:"):
        name = source.removeprefix("ipset:")
        entry = _ipset_entry(firewalld, name, outcome)
        scope_option, binding = f"--ipset={name}", f"entry={entry}"
        is_permanent = entry in firewalld.permanent.members(name)
    return tuple(
        _unbind_command(mode, scope_option, binding)
        for mode in (("", "--permanent") if is_permanent else ("",))
    )


def _unbind_command(mode: str, scope_option: str, binding: str) -> Command:
    return firewall_cmd(
        mode, scope_option, (f"--remove-{binding}",), (f"--add-{binding}",), Risk.OPENS_TO_SOME
    )


def _ipset_entry(firewalld: FirewalldView, name: str, outcome: VisitorOutcome) -> str:
    packet = outcome.packet
    entries = firewalld.runtime.members(name)
    return next(
        entry
        for entry in entries
        if is_address_in(packet.source, entry, packet.family, firewalld.runtime.members)
    )


def _refused_sources(
    firewalld: FirewalldView, zone: Zone, outcomes: list[VisitorOutcome]
) -> tuple[str, ...]:
    """Return the zone's sources that are refused while other visitors are let in."""
    return tuple(source for source in zone.sources if _is_refused(firewalld, source, outcomes))


def _is_refused(firewalld: FirewalldView, source: str, outcomes: list[VisitorOutcome]) -> bool:
    name = source.removeprefix("ipset:")
    members = firewalld.runtime.members(name)[:1] if name != source else (source,)
    for member in members:
        address = member.partition("/")[0]
        for outcome in firewalld.outcomes(outcomes[0].port, address) if outcomes else ():
            if outcome.runtime.zone_match.source == source and not outcome.runtime.admits:
                return True
    return False


def _refused_sources_claim(
    zone: Zone, outcome: VisitorOutcome, refused_sources: tuple[str, ...]
) -> Claim:
    return Claim(
        about=subject_of(zone, (outcome,)),
        covers=subjects_of((outcome,)),
        because=(zone,),
        severity=Severity.NOTE,
        facts={
            **facts((outcome,)),
            "zone": zone.name,
            "drops": zone.target == "DROP",
            "client": (),
            "iptables": False,
            "sources": shortened(refused_sources, _SHOWN),
            "set": "",
            "opens": _opens_anything(zone),
            "note": True,
            "contradiction": (),
        },
    )
