"""What proves a layer of the target itself, from one vantage: on every address, its own port.

A layer is proven if on each address that has to be judged a connection was accepted (tcp), the
handshake was finished (tls) and verified (certificate) and the response was read (http), and if
each requested WebSocket opened over each IP version (websocket).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Literal, TypeVar

from diagnose.model import (
    Evidence,
    Finding,
    Observation,
    Report,
    Severity,
    Subject,
    Vantage,
)
from diagnose.model.addresses import family_of
from diagnose.model.dns import Resolution, published_addresses, resolved_addresses
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers
from diagnose.parsers.http import browser_page

ProofStep = Literal[
    "addresses", "connection", "handshake", "verification", "answer", "websocket", "listener",
    "layer", "vantage",
]  # fmt: skip
AttemptType = TypeVar("AttemptType", Connection, Handshake, Exchange, Upgrade)

#: getaddrinfo(3): the name has no address of this family. This counts as an answer.
_NO_ADDRESS = {"EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY"}

#: Variants that count as an opening like a browser's: normal, with the subprotocol that the server
#: requires, without our ping, which no browser sends, repeated, or with an id of its own.
_OPENING = {"normal", "subprotocol", "no-ping", "again", "without-id", "session"}


@frozen(eq=False)
class MissingProof:
    """An observation that is missing, so that nobody knows whether the target works.

    `step` is what should have been observed, in layer `layer`. `places` are the endpoints
    ("[2001:db8::1]:443"), names or paths where it is missing; `attempts` are the failed or refused
    attempts there.
    """

    step: ProofStep
    layer: str
    places: tuple[str, ...] = ()
    attempts: tuple[Observation, ...] = ()


def missing_from(report: Report, vantage: Vantage, layer: str) -> tuple[MissingProof, ...]:
    """Return what a layer of the target lacks, as observed from this vantage."""
    view = _VantageEvidence(report, vantage)
    if not view.addresses and not view.unresolved:
        return (MissingProof("addresses", "dns", (view.target.host,)),)
    missing = _missing_websockets(view) if layer == "websocket" else _missing_addresses(view, layer)
    unreached = _missing_destinations(view) if layer == "http" else ()
    return (*view.unresolved, *missing, *unreached)


def _missing_destinations(view: "_VantageEvidence") -> Iterator[MissingProof]:
    """Check the pages to which those of the target redirect."""
    if all(page.failure is None for page in view.evidence.of(Exchange)):
        return
    # Imported late: most requests are answered.
    from diagnose.checking.redirect_proof import missing_destinations

    for page in missing_destinations(view.evidence, view.vantage):
        yield MissingProof("answer", "http", (page.url,), (page,))


def missing_from_vantages(evidence: Evidence) -> tuple[MissingProof, ...]:
    """Return where other places (`--vantage`) got no answer: what was asked about is not proven
    then."""
    if all(observation.vantage is not Vantage.ELSEWHERE for observation in evidence.observations):
        return ()
    from diagnose.model.vantages import VantagePoint, page_visits, visit_place

    missing: list[MissingProof] = []
    visits = page_visits(evidence)
    for point in evidence.of(VantagePoint):
        place = visit_place(point)
        groups = {
            address: attempts for (visitor, address), attempts in visits.items() if visitor == place
        }
        silent = {
            address: attempts
            for address, attempts in groups.items()
            if all(visit.status is None for visit in attempts)
        }
        if len(silent) < len(groups):
            # Other addresses answered: the place needs no route to each, as a network without IPv6.
            silent = {
                address: attempts
                for address, attempts in silent.items()
                if not all(visit.is_unroutable for visit in attempts)
            }
        if silent or not groups:
            port = evidence.target.port
            places = tuple(f"{place}, {Subject(address=address, port=port)}" for address in silent)
            attempts = (*chain.from_iterable(silent.values()), *([point] if point.failure else []))
            missing.append(MissingProof("vantage", "http", places or (place,), attempts))
    return tuple(missing)


class _VantageEvidence:
    """The observations of a target from one vantage, by address."""

    def __init__(self, report: Report, vantage: Vantage) -> None:
        self.evidence, self.vantage = report.evidence, vantage
        self.target = report.evidence.target
        is_outside = vantage is Vantage.HERE
        self.addresses = _judged_addresses(report) if is_outside else self._entered_addresses()
        self.unresolved = _unresolved(report.evidence) if is_outside else ()

    def on_target_port(self, kind: type[AttemptType]) -> Iterator[AttemptType]:
        for observation in self.evidence.of(kind):
            if observation.vantage is self.vantage and observation.port == self.target.port:
                yield observation

    def attempts_at(self, kind: type[AttemptType], address: str) -> tuple[AttemptType, ...]:
        """Return all attempts of one kind at the target's own port on an address."""
        attempts = self.on_target_port(kind)
        return tuple(attempt for attempt in attempts if attempt.address == address)

    def _entered_addresses(self) -> tuple[str, ...]:
        """Return the server's own addresses that were probed from inside the server."""
        handshakes, pages = self.on_target_port(Handshake), self.on_target_port(Exchange)
        probed: Iterator[Handshake | Exchange] = chain(handshakes, pages)
        return tuple(dict.fromkeys(attempt.address for attempt in probed))


# Addresses


def _judged_addresses(report: Report) -> tuple[str, ...]:
    """Return the target's addresses that have to be proven. An address is left out if a note says
    that this machine has no route to it."""
    notes = chain.from_iterable(
        finding.claim.because for finding in report.findings if _is_host_note(finding)
    )
    unroutable = {attempt.address for attempt in notes if isinstance(attempt, Connection)}
    addresses = resolved_addresses(report.evidence)
    return tuple(address for address in addresses if address not in unroutable) or addresses


def _is_host_note(finding: Finding) -> bool:
    return finding.check.layer == "host" and finding.severity is Severity.NOTE


def _unresolved(evidence: Evidence) -> tuple[MissingProof, ...]:
    """Return the IP versions for which it is unknown whether the name has an address."""
    resolutions = evidence.of(Resolution)
    if any(resolution.via in {"literal", "option", "proxy"} for resolution in resolutions):
        return ()
    families = (evidence.scope.family,) if evidence.scope.family else (4, 6)
    unknown = [family for family in families if not _is_resolved(evidence, family)]
    if not unknown:
        return ()
    places = _family_places(evidence.target.host, families, unknown)
    attempts = tuple(resolution for resolution in resolutions if resolution.family in unknown)
    return (MissingProof("addresses", "dns", places, attempts),)


def _is_resolved(evidence: Evidence, family: int) -> bool:
    answers = [resolution for resolution in evidence.of(Resolution) if resolution.family == family]
    has_answer = any(
        not resolution.failure or resolution.failure.name in _NO_ADDRESS for resolution in answers
    )
    return has_answer or (bool(answers) and published_addresses(evidence, family) == ())


def _family_places(place: str, families: Sequence[int], missing: Sequence[int]) -> tuple[str, ...]:
    """Return the place once if it lacks every IP version, or else with each that it lacks."""
    if len(missing) == len(families):
        return (place,)
    return tuple(f"{place} (IPv{family})" for family in missing)


# WebSockets


def _missing_websockets(view: _VantageEvidence) -> Iterator[MissingProof]:
    """Check each requested path, over each IP version that the target has."""
    families = tuple(dict.fromkeys(map(family_of, view.addresses)))
    for path in view.target.websockets:
        upgrades = tuple(
            upgrade
            for upgrade in _browser_like(view.on_target_port(Upgrade))
            if upgrade.path == path
        )
        opened = {family_of(upgrade.address) for upgrade in upgrades if _is_open(upgrade)}
        closed = [family for family in families if family not in opened]
        if closed:
            places = _family_places(path, families, closed)
            yield MissingProof("websocket", "websocket", places, upgrades)


def _browser_like(upgrades: Iterable[Upgrade]) -> Iterator[Upgrade]:
    """Yield the handshakes with the site itself that are as a browser's."""
    for upgrade in upgrades:
        if upgrade.through == "front" and upgrade.variant in _OPENING:
            yield upgrade


def _is_open(upgrade: Upgrade) -> bool:
    """Return True if it opened, and stayed open or was closed normally."""
    return upgrade.stayed_open is True and upgrade.failure is None


# The other layers


def _missing_addresses(view: _VantageEvidence, layer: str) -> tuple[MissingProof, ...]:
    """Return the addresses on which a layer is not proven."""
    if layer not in _PROOFS:
        return ()
    step, attempts_at, is_proof = _PROOFS[layer]
    attempts = {address: attempts_at(view, address) for address in view.addresses}
    unproven = {
        address: observations
        for address, observations in attempts.items()
        if not is_proof(view, observations)
    }
    if not unproven:
        return ()
    places = tuple(str(Subject(address=address, port=view.target.port)) for address in unproven)
    return (MissingProof(step, layer, places, tuple(chain.from_iterable(unproven.values()))),)


def _connections(view: _VantageEvidence, address: str) -> tuple[Observation, ...]:
    connections = view.attempts_at(Connection, address)
    return tuple(connection for connection in connections if connection.is_to_target)


def _handshakes(view: _VantageEvidence, address: str) -> tuple[Observation, ...]:
    handshakes = view.attempts_at(Handshake, address)
    return tuple(
        handshake
        for handshake in handshakes
        if handshake.is_browser_like or handshake.variant == "unverified"
    )


def _visits(view: _VantageEvidence, address: str) -> tuple[Observation, ...]:
    return tuple(
        handshake for handshake in view.attempts_at(Handshake, address) if handshake.is_browser_like
    )


def _answers(view: _VantageEvidence, address: str) -> tuple[Observation, ...]:
    """For a ws or wss target, an opened WebSocket counts as an answer."""
    pages = [
        # Where a server refuses programs, the answer is what browsers get.
        browser_page(view.evidence, exchange) or exchange
        for exchange in view.attempts_at(Exchange, address)
        if exchange.purpose == "target"
    ]
    if view.target.scheme not in {"ws", "wss"}:
        return tuple(pages)
    upgrades = (
        upgrade for upgrade in view.attempts_at(Upgrade, address) if upgrade.through == "front"
    )
    return (*pages, *(upgrade for upgrade in upgrades if _is_open(upgrade)))


def _is_connected(_: _VantageEvidence, observations: tuple[Observation, ...]) -> bool:
    return any(not observation.failure for observation in observations)


def _is_handshake_done(view: _VantageEvidence, observations: tuple[Observation, ...]) -> bool:
    """Return True if no visitor-like handshake failed for a reason other than the certificate,
    which is checked separately."""
    visits = [
        observation
        for observation in observations
        if isinstance(observation, Handshake) and observation.is_browser_like
    ]
    if not visits or not _is_connected(view, observations):
        return False
    return all(not visit.failure or visit.failure.kind == "certificate" for visit in visits)


def _is_verified(view: _VantageEvidence, observations: tuple[Observation, ...]) -> bool:
    """Return True if, in every visit, OpenSSL accepted the chain and it contains the host name."""
    return bool(observations) and all(
        isinstance(handshake, Handshake)
        and not handshake.failure
        and handshake.verify_code == 0
        and bool(handshake.chain)
        and covers(view.target.host, handshake.chain[0].dns_names, handshake.chain[0].addresses)
        for handshake in observations
    )


def _is_answered(_: _VantageEvidence, observations: tuple[Observation, ...]) -> bool:
    return bool(observations) and all(
        not observation.failure
        and (not isinstance(observation, Exchange) or observation.status is not None)
        for observation in observations
    )


_Attempts = Callable[[_VantageEvidence, str], tuple[Observation, ...]]
_IsProof = Callable[[_VantageEvidence, tuple[Observation, ...]], bool]

#: For each layer: what is missing without proof, the attempts at an address, and what proves it.
_PROOFS: dict[str, tuple[ProofStep, _Attempts, _IsProof]] = {
    "tcp": ("connection", _connections, _is_connected),
    "tls": ("handshake", _handshakes, _is_handshake_done),
    "certificate": ("verification", _visits, _is_verified),
    "http": ("answer", _answers, _is_answered),
}


# Both sides


def missing_on_both_sides(report: Report, layer: str) -> tuple[tuple[MissingProof, ...], bool]:
    """Return what a layer of the target lacks both from here and from the server, and whether the
    server alone proved something of it."""
    if not report.evidence.scope.outside:
        return missing_from(report, Vantage.SERVER, layer), True
    outside, inside = (_VantageEvidence(report, each) for each in (Vantage.HERE, Vantage.SERVER))
    missing = missing_from(report, Vantage.HERE, layer)
    remaining = []
    for item in missing:
        proven = _proven_places(inside, item, set(map(family_of, outside.addresses)))
        places = tuple(place for place in item.places if place not in proven)
        if places or not item.places:
            remaining.append(MissingProof(item.step, item.layer, places, item.attempts))
    return tuple(remaining), len(remaining) < len(missing)


def _proven_places(view: _VantageEvidence, item: MissingProof, families: set[int]) -> set[str]:
    """Return the places of a missing step that one vantage proves: a path without an IP version if
    it does so over all `families`."""
    if item.step == "websocket":
        opened = {
            (upgrade.path, family_of(upgrade.address))
            for upgrade in _browser_like(view.on_target_port(Upgrade))
            if _is_open(upgrade)
        }
        whole_paths = {
            path for path, _ in opened if families <= {f for p, f in opened if p == path}
        }
        return whole_paths | {f"{path} (IPv{family})" for path, family in opened}
    if item.step == "addresses" or item.layer not in _PROOFS:
        return set()
    _, attempts_at, is_proof = _PROOFS[item.layer]
    return {
        str(Subject(address=address, port=view.target.port))
        for address in view.addresses
        if is_proof(view, attempts_at(view, address))
    }


def is_websocket_open_behind(report: Report, missing: Iterable[MissingProof]) -> bool:
    """Return True if the application itself, asked directly, opens each WebSocket that is missing
    at the site."""
    opened = {
        upgrade.path
        for upgrade in report.evidence.of(Upgrade)
        if upgrade.through == "application" and upgrade.variant == "normal" and _is_open(upgrade)
    }
    return all(
        item.step == "websocket" and place.partition(" (")[0] in opened
        for item in missing
        for place in item.places
    )
