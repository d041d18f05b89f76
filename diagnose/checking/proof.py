"""Which observations are required before a target is called healthy, and which are missing. No I/O.

A target is proven if, on every address that is checked, its own port accepted a connection, the
handshake was verified (https, wss) and the response was read, and if each requested WebSocket
opened. Port 80 of an https target is no proof, and neither is the server's own view of what
visitors get. An unfinished run proves nothing.
"""

from collections.abc import Collection
from typing import Literal

from diagnose.checking.target_proof import MissingProof, missing_from, missing_from_vantages
from diagnose.model import (
    LAYERS,
    Evidence,
    Observation,
    Report,
    Side,
    Subject,
    Unseen,
    Vantage,
)
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake

UnfinishedReason = Literal["crash", "interrupted", "deadline", "running"]

#: `Unseen.what` for the unfinished rest of a run, and `Unseen.why` for each reason.
REST_OF_RUN = "run"
DEADLINE, INTERRUPTED, CRASHED = "deadline", "it was interrupted", "our-fault"
TOO_BUSY = "too-busy"

#: The layers that can belong to the target itself, and those that only its server shows.
TARGET_LAYERS = ("dns", "tcp", "tls", "certificate", "http", "websocket")
SERVER_LAYERS = tuple(layer for layer in LAYERS if layer not in TARGET_LAYERS)


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
    """Return what is missing to prove the target; for each place only the first missing step.
    Nothing is missing where the user ignores what is in the way."""
    layers = required_layers(report.evidence)
    missing_items = [item for layer in layers for item in missing_in_layer(report, layer)]
    missing_items += missing_from_vantages(report.evidence)
    if any(finding.suppressed_by for finding in report.findings):
        # Imported late: few runs ignore anything.
        from diagnose.checking.ignored_proof import without_ignored

        missing_items = without_ignored(missing_items, report.findings)
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
    scope = evidence.scope
    if scope.only:
        return tuple(layer for layer in LAYERS if layer in scope.only)
    layers = visit_layers(evidence)
    return tuple(layer for layer in layers if scope.wants(layer)) or layers


def visit_layers(evidence: Evidence) -> tuple[str, ...]:
    """Return all layers that a visit of the target passes, in order."""
    target = evidence.target
    path_layers = ("dns", "tcp") if evidence.scope.outside else ("listener",)
    tls_layers = ("tls", "certificate") if target.uses_tls else ()
    websocket_layers = ("websocket",) if target.websockets else ()
    return (*path_layers, *tls_layers, "http", *websocket_layers)


def is_proven(report: Report, layer: str) -> bool:
    """Return True if a layer may be called ok, unless a finding says otherwise.

    A layer of the target itself needs all its required observations. A layer of the server needs
    any observation of its state, in a run that finished.
    """
    if layer in _crashed_layers(report):
        return False
    if _is_of_target(report.evidence, layer):
        return bool(layer_observations(report, layer)) and not missing_in_layer(report, layer)
    return _is_observed(report, layer)


def _is_observed(report: Report, layer: str) -> bool:
    """Return True for a layer of the server that was observed, in a run that finished."""
    return not unfinished_inside(report) and any(
        observation.shows_state for observation in layer_observations(report, layer)
    )


def unfinished_inside(report: Report) -> bool:
    """Return True if the run stopped before all of the server was observed."""
    return bool({"interrupted", "deadline", "running"}.intersection(unfinished_reasons(report)))


def layer_observations(report: Report, layer: str) -> tuple[Observation, ...]:
    """Return the observations of a layer. For "certificate" they include handshakes with a
    chain. There are none if one of them shows that its subject is not on the server."""
    observations = tuple(
        observation
        for observation in report.evidence.observations
        if (
            type(observation).layer == layer
            and type(observation) is not Unseen
            and observation.vantage is not Vantage.ELSEWHERE
        )
        or (layer == "certificate" and isinstance(observation, Handshake) and observation.chain)
    )
    is_absent = any(observation.shows_absence for observation in observations)
    return () if is_absent else observations


def missing_in_layer(report: Report, layer: str) -> tuple[MissingProof, ...]:
    """Return the observations that this layer requires and that are missing."""
    if _is_of_target(report.evidence, layer):
        return missing_from(report, _judged_vantage(report, layer), layer)
    if layer == "listener" and not report.evidence.scope.outside:
        return _missing_listener(report.evidence)
    return () if _is_observed(report, layer) else (MissingProof("layer", layer),)


def _judged_vantage(report: Report, layer: str) -> Vantage:
    """Return the vantage from which a layer is judged: the server's only if nothing else tried it
    on the target's own port, or if the user asked for the server alone."""
    port = report.evidence.target.port
    vantages = {
        observation.vantage
        for observation in layer_observations(report, layer)
        if getattr(observation, "port", port) == port
    }
    from_here = report.evidence.scope.outside and (Vantage.HERE in vantages or not vantages)
    return Vantage.HERE if from_here else Vantage.SERVER


def _is_of_target(evidence: Evidence, layer: str) -> bool:
    """Return True if the layer belongs to this target itself."""
    target = evidence.target
    if layer in {"tls", "certificate"}:
        return target.uses_tls
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
