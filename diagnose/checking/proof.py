"""Which observations are required before a target is called healthy, and which are missing. No I/O.

A target is proven if, on every address that is checked, its own port accepted a connection, the
handshake was verified (https, wss) and the response was read, and if each requested WebSocket
opened. Port 80 of an https target is no proof, and neither is the server's own view of what
visitors get. An unfinished run proves nothing.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Literal, TypeVar

from diagnose.model import (
    LAYERS,
    Evidence,
    Observation,
    Report,
    Severity,
    Side,
    Subject,
    Unseen,
    Vantage,
)
from diagnose.model.dns import Resolution, published_addresses, resolved_addresses
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers

ProofStep = Literal[
    "addresses", "connection", "handshake", "verification", "answer", "websocket", "listener",
    "layer",
]  # fmt: skip
AttemptType = TypeVar("AttemptType", Connection, Handshake, Exchange, Upgrade)
UnfinishedReason = Literal["crash", "interrupted", "deadline", "running"]

#: `Unseen.what` for the unfinished rest of a run, and `Unseen.why` for each reason.
REST_OF_RUN = "run"
DEADLINE, INTERRUPTED, CRASHED = "deadline", "it was interrupted", "our-fault"

#: The layers that can belong to the target itself, and those that only its server shows.
TARGET_LAYERS = ("dns", "tcp", "tls", "certificate", "http", "websocket")
SERVER_LAYERS = tuple(layer for layer in LAYERS if layer not in TARGET_LAYERS)

#: getaddrinfo(3): the name has no address of this family. This counts as an answer.
_NO_ADDRESS = {"EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY"}


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


def unfinished_reasons(report: Report) -> tuple[UnfinishedReason, ...]:
    """Return why a run did not finish, or why a part of it is missing."""
    unseen = report.evidence.of(Unseen)
    reasons_for_rest = {item.why for item in unseen if item.what == REST_OF_RUN}
    crashed = report.crashes or any(item.why == CRASHED for item in unseen)
    reasons: list[tuple[UnfinishedReason, object]] = [
        ("crash", crashed),
        ("interrupted", report.interrupted or INTERRUPTED in reasons_for_rest),
        ("deadline", reasons_for_rest - {INTERRUPTED}),
        ("running", report.running),
    ]
    return tuple(reason for reason, applies in reasons if applies)


def missing_proof(report: Report) -> tuple[MissingProof, ...]:
    """Return what is missing to prove the target; for each place only the first missing step."""
    layers = required_layers(report.evidence)
    missing_items = [item for layer in layers for item in missing_in_layer(report, layer)]
    first_missing: list[MissingProof] = []
    listed_places: set[str] = set()
    for item in sorted(missing_items, key=_layer_order):
        places = tuple(place for place in item.places if place not in listed_places)
        if places or not item.places:
            first_missing.append(MissingProof(item.step, item.layer, places, item.attempts))
        listed_places.update(places)
    return tuple(first_missing)


def _layer_order(item: MissingProof) -> int:
    return 0 if item.step == "addresses" else LAYERS.index(item.layer) + 1


def required_layers(evidence: Evidence) -> tuple[str, ...]:
    """Return the layers to prove: those selected by the user, or else those that the target has."""
    scope, target = evidence.scope, evidence.target
    if scope.only:
        return tuple(layer for layer in LAYERS if layer in scope.only)
    tls_layers = ("tls", "certificate") if target.scheme in {"https", "wss"} else ()
    websocket_layers = ("websocket",) if target.websockets else ()
    path_layers = ("dns", "tcp") if scope.outside else ("listener",)
    all_layers = (*path_layers, *tls_layers, "http", *websocket_layers)
    return tuple(layer for layer in all_layers if scope.wants(layer)) or all_layers


def is_proven(report: Report, layer: str) -> bool:
    """Return True if a layer may be called ok, unless a finding says otherwise.

    A layer of the target itself needs all its required observations. A layer of the server needs
    any successful observation, in a run that finished.
    """
    if layer in _crashed_layers(report):
        return False
    if _is_of_target(report.evidence, layer):
        return bool(layer_observations(report, layer)) and not missing_in_layer(report, layer)
    return not unfinished_inside(report) and any(
        not observation.failure for observation in layer_observations(report, layer)
    )


def unfinished_inside(report: Report) -> bool:
    """Return True if the run stopped before all of the server was observed."""
    return bool({"interrupted", "deadline", "running"}.intersection(unfinished_reasons(report)))


def layer_observations(report: Report, layer: str) -> tuple[Observation, ...]:
    """Return the observations of a layer. For "certificate" they include handshakes with a
    chain."""
    return tuple(
        observation
        for observation in report.evidence.observations
        if (type(observation).layer == layer and type(observation) is not Unseen)
        or (layer == "certificate" and isinstance(observation, Handshake) and observation.chain)
    )


def missing_in_layer(report: Report, layer: str) -> tuple[MissingProof, ...]:
    """Return the observations that this layer requires and that are missing."""
    if not _is_of_target(report.evidence, layer):
        if layer == "listener" and not report.evidence.scope.outside:
            return _missing_listener(report.evidence)
        is_observed = any(
            not observation.failure for observation in layer_observations(report, layer)
        )
        return (
            () if is_observed and not unfinished_inside(report) else (MissingProof("layer", layer),)
        )
    vantages = {observation.vantage for observation in layer_observations(report, layer)}
    outside = report.evidence.scope.outside
    if outside and (Vantage.HERE in vantages or not vantages):
        return _VantageEvidence(report, Vantage.HERE).missing(layer)
    return _VantageEvidence(report, Vantage.SERVER).missing(layer)


def _is_of_target(evidence: Evidence, layer: str) -> bool:
    """Return True if the layer belongs to this target itself."""
    target = evidence.target
    if layer in {"tls", "certificate"}:
        return target.scheme in {"https", "wss"}
    return layer in TARGET_LAYERS and (layer != "websocket" or bool(target.websockets))


def _missing_listener(evidence: Evidence) -> tuple[MissingProof, ...]:
    port = evidence.target.port
    if any(listeners.on(port) for listeners in evidence.good(Listeners)):
        return ()
    return (MissingProof("listener", "listener", (str(Subject(port=port)),)),)


def _crashed_layers(report: Report) -> set[str]:
    """Return the layers in which something crashed."""
    crashed = {crash.where for crash in report.crashes} | {
        item.what for item in report.evidence.of(Unseen) if item.why == CRASHED
    }
    return {layer for component in crashed for layer in _component_layers(component)}


def _component_layers(component: str) -> Collection[str]:
    """Return the layers that a probe ("inside.firewall.zones") or a check ("tls.refused") observes
    or judges, by its name; all that are possible if it names none."""
    side, *_ = parts = component.split(".")
    named_layers = [layer for layer in LAYERS if layer in parts]
    if "tls" in named_layers:
        return {*named_layers, "certificate"}
    return named_layers or (SERVER_LAYERS if side == Side.INSIDE else LAYERS)


class _VantageEvidence:
    """The observations of a target from one vantage, by address."""

    def __init__(self, report: Report, vantage: Vantage) -> None:
        self.evidence, self.vantage = report.evidence, vantage
        self.target = report.evidence.target
        is_outside = vantage is Vantage.HERE
        self.addresses = _judged_addresses(report) if is_outside else self._entered_addresses()
        self.unresolved = _unresolved(report.evidence) if is_outside else ()

    def missing(self, layer: str) -> tuple[MissingProof, ...]:
        if layer == "websocket":
            steps = self._websockets()
        else:
            steps = self._by_address(*_PROOFS[layer]) if layer in _PROOFS else ()
        if not self.addresses and not self.unresolved:
            return (MissingProof("addresses", "dns", (self.target.host,)),)
        return (*self.unresolved, *steps)

    def attempts_at(self, kind: type[AttemptType], address: str) -> tuple[AttemptType, ...]:
        """Return all attempts of one kind at the target's own port on an address."""
        return tuple(
            observation
            for observation in self._on_target_port(kind)
            if observation.address == address
        )

    def _on_target_port(self, kind: type[AttemptType]) -> Iterator[AttemptType]:
        for observation in self.evidence.of(kind):
            if observation.vantage is self.vantage and observation.port == self.target.port:
                yield observation

    def _entered_addresses(self) -> tuple[str, ...]:
        """Return the server's own addresses that were probed from inside the server."""
        handshakes, pages = self._on_target_port(Handshake), self._on_target_port(Exchange)
        addresses = [handshake.address for handshake in handshakes] + [
            page.address for page in pages
        ]
        return tuple(dict.fromkeys(addresses))

    def _by_address(
        self, step: ProofStep, layer: str, attempts: "Attempts", is_proof: "IsProof"
    ) -> tuple[MissingProof, ...]:
        attempts_by_address = {address: attempts(self, address) for address in self.addresses}
        unproven = {
            address: observations
            for address, observations in attempts_by_address.items()
            if not is_proof(self, observations)
        }
        if not unproven:
            return ()
        places = tuple(str(Subject(address=address, port=self.target.port)) for address in unproven)
        return (
            MissingProof(
                step,
                layer,
                places,
                tuple(
                    observation
                    for observations in unproven.values()
                    for observation in observations
                ),
            ),
        )

    def _websockets(self) -> tuple[MissingProof, ...]:
        """Check each requested path, over each IP version that the target has."""
        families = dict.fromkeys(6 if ":" in address else 4 for address in self.addresses)
        missing_items = []
        for path in self.target.websockets:
            upgrades = tuple(
                upgrade
                for upgrade in self._on_target_port(Upgrade)
                if upgrade.path == path
                and upgrade.through == "front"
                and upgrade.variant in _OPENING
            )
            opened = {
                6 if ":" in upgrade.address else 4 for upgrade in upgrades if _is_open(upgrade)
            }
            closed_families = [family for family in families if family not in opened]
            if closed_families:
                all_closed = len(closed_families) == len(families)
                places = (
                    (path,)
                    if all_closed
                    else tuple(f"{path} (IPv{family})" for family in closed_families)
                )
                missing_items.append(MissingProof("websocket", "websocket", places, upgrades))
        return tuple(missing_items)


#: Variants that count as an opening like a browser's: normal, with the subprotocol that the server
#: requires, or without our ping, which no browser sends.
_OPENING = {"normal", "subprotocol", "no-ping"}

Attempts = Callable[[_VantageEvidence, str], tuple[Observation, ...]]
IsProof = Callable[[_VantageEvidence, tuple[Observation, ...]], bool]


def _judged_addresses(report: Report) -> tuple[str, ...]:
    """Return the target's addresses that have to be proven. An address is left out if a note says
    that this machine has no route to it."""
    notes = (
        finding.claim.because
        for finding in report.findings
        if finding.check.layer == "host" and finding.severity is Severity.NOTE
    )
    unroutable = {
        attempt.address
        for because in notes
        for attempt in because
        if isinstance(attempt, Connection)
    }
    addresses = resolved_addresses(report.evidence)
    return tuple(address for address in addresses if address not in unroutable) or addresses


def _unresolved(evidence: Evidence) -> tuple[MissingProof, ...]:
    """Return the IP versions for which it is unknown whether the name has an address."""
    resolutions = evidence.of(Resolution)
    if any(resolution.via in {"literal", "option", "proxy"} for resolution in resolutions):
        return ()
    families = (evidence.scope.family,) if evidence.scope.family else (4, 6)
    open_families = [family for family in families if not _is_resolved(evidence, family)]
    if not open_families:
        return ()
    host = evidence.target.host
    places = (
        (host,) if len(open_families) == len(families) else (f"{host} (IPv{open_families[0]})",)
    )
    attempts = tuple(resolution for resolution in resolutions if resolution.family in open_families)
    return (MissingProof("addresses", "dns", places, attempts),)


def _is_resolved(evidence: Evidence, family: int) -> bool:
    answers = [resolution for resolution in evidence.of(Resolution) if resolution.family == family]
    has_answer = any(
        not resolution.failure or resolution.failure.name in _NO_ADDRESS for resolution in answers
    )
    return has_answer or (bool(answers) and published_addresses(evidence, family) == ())


def _connections(view: _VantageEvidence, address: str) -> tuple[Observation, ...]:
    connections = view.attempts_at(Connection, address)
    return tuple(
        connection for connection in connections if connection.purpose in {"target", "again"}
    )


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
        exchange for exchange in view.attempts_at(Exchange, address) if exchange.purpose == "target"
    ]
    if view.target.scheme not in {"ws", "wss"}:
        return tuple(pages)
    upgrades = (
        upgrade for upgrade in view.attempts_at(Upgrade, address) if upgrade.through == "front"
    )
    return (*pages, *(upgrade for upgrade in upgrades if _is_open(upgrade)))


def _is_open(upgrade: Upgrade) -> bool:
    """Return True if it opened, and stayed open or was closed normally."""
    return upgrade.stayed_open is True and upgrade.failure is None


def _is_connected(_: _VantageEvidence, observations: tuple[Observation, ...]) -> bool:
    return any(not observation.failure for observation in observations)


def _is_handshake_done(_: _VantageEvidence, observations: tuple[Observation, ...]) -> bool:
    """Return True if no visitor-like handshake failed for a reason other than the certificate,
    which is checked separately."""
    visits = [
        observation
        for observation in observations
        if isinstance(observation, Handshake) and observation.is_browser_like
    ]
    visits_succeeded = all(
        not visit.failure or visit.failure.kind == "certificate" for visit in visits
    )
    return (
        bool(visits)
        and visits_succeeded
        and any(not observation.failure for observation in observations)
    )


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


_PROOFS: dict[str, tuple[ProofStep, str, Attempts, IsProof]] = {
    "tcp": ("connection", "tcp", _connections, _is_connected),
    "tls": ("handshake", "tls", _handshakes, _is_handshake_done),
    "certificate": ("verification", "certificate", _visits, _is_verified),
    "http": ("answer", "http", _answers, _is_answered),
}
