"""What is still wrong once a root cause is mended, as far as the run saw. No I/O.

A fault hides what comes after it: behind a closed port may be an expired certificate. Often it was
seen all the same: from the server itself, or because the visit went on in spite of the fault. What
was not seen is named, and never called well.
"""

from collections.abc import Iterable
from itertools import chain

from diagnose.checking import proof
from diagnose.checking.proof import UnfinishedReason
from diagnose.checking.target_proof import (
    MissingProof,
    is_websocket_open_behind,
    missing_from_vantages,
    missing_on_both_sides,
)
from diagnose.checking.verdicts import is_seen_from_server, layer_statuses
from diagnose.model import LAYERS, Evidence, Finding, Report, Scope, Severity, Subject, Symptom
from diagnose.model.dns import resolved_addresses
from diagnose.model.frozen import frozen
from diagnose.model.http import ResponseBody

#: The layer of a visit that is shut by a fault of a layer of the server, if no finding of the visit
#: follows from it: on the server itself a closed firewall has no symptom.
_SHUT_LAYERS = {"cloud": "tcp", "listener": "tcp", "firewall": "tcp"}

#: What comes after a mended layer is seen. What comes of these layers themselves is not: behind a
#: 502 or a redirect is an answer that nobody got.
_ANSWER_LAYERS = ("http", "websocket")


@frozen(eq=False)
class Outlook:
    """What is wrong besides the mended causes.

    `remaining` are the other root causes, `ignored` the findings that the user ignores. `unseen`
    are the layers whose state after the mend nothing shows, in order; `places` are the endpoints
    and paths to which that is limited, if other ones were seen. `unfinished` is why the run did
    not finish. `unanswered` is True if a message was pasted that no finding explains.
    `from_server` is True if visits from elsewhere were not seen: what lies between visitors and the
    server may still be in the way.
    """

    remaining: tuple[Finding, ...]
    ignored: tuple[Finding, ...]
    unseen: tuple[str, ...]
    places: tuple[str, ...]
    unfinished: tuple[UnfinishedReason, ...]
    unanswered: bool
    from_server: bool

    @property
    def is_clear(self) -> bool:
        """Return True if all was seen, and nothing else is wrong."""
        return not (
            self.remaining or self.ignored or self.unseen or self.unfinished or self.unanswered
        )


def outlook(report: Report, cause: Finding | None = None) -> Outlook:
    """Return what is wrong once `cause` is mended, or once all root causes are."""
    remaining = () if cause is None else tuple(each for each in report.causes if each is not cause)
    ignored = tuple(each for each in report.suppressed if each.severity is not Severity.NOTE)
    shut, missing_of = _shut_layers(report), {}
    is_inside_view = is_seen_from_server(report)
    visit = _visit_layers(report, shut)
    for layer in visit:
        missing, is_from_server = missing_on_both_sides(report, layer)
        if missing and layer == "websocket" and is_websocket_open_behind(report, missing):
            missing, is_from_server = (), True
        elif layer in shut and layer not in _ANSWER_LAYERS:
            missing = ()  # the mend is about it
        elif layer in shut and not missing:
            missing = (MissingProof("layer", layer),)
        is_inside_view |= is_from_server
        if missing:
            missing_of[layer] = missing
    if elsewhere := missing_from_vantages(report.evidence):
        missing_of.setdefault("http", elsewhere)
    if any(body.is_page_without_end for body in report.evidence.of(ResponseBody)):
        missing_of.setdefault("http", (MissingProof("answer", "http"),))
    unjudged = {
        layer
        for layer, status in layer_statuses(report)
        if (layer in proof.SERVER_LAYERS and status == "unknown")
        or _is_left_out(layer, report.evidence.scope, visit)
    }
    return Outlook(
        remaining,
        ignored,
        tuple(layer for layer in LAYERS if layer in {*missing_of, *unjudged}),
        () if unjudged else _limited_places(report.evidence, missing_of.values()),
        proof.unfinished_reasons(report),
        _is_unanswered(report, report.evidence.target.symptom),
        is_inside_view,
    )


def _is_left_out(layer: str, scope: Scope, visit: tuple[str, ...]) -> bool:
    """Return True if the user left a layer out: what was seen of it is not judged."""
    return not scope.wants(layer) and (layer in visit or layer in scope.skip)


def _limited_places(
    evidence: Evidence, missing: Iterable[tuple[MissingProof, ...]]
) -> tuple[str, ...]:
    """Return the endpoints at which something is missing, if the others lack nothing."""
    port = evidence.target.port
    endpoints = {
        str(Subject(address=resolved_address, port=port))
        for resolved_address in resolved_addresses(evidence)
    }
    places = [_places(items) for items in missing]
    affected = dict.fromkeys(chain.from_iterable(places))
    return tuple(affected) if all(places) and affected.keys() < endpoints else ()


def _places(items: Iterable[MissingProof]) -> tuple[str, ...]:
    return tuple(place for item in items for place in item.places)


def _visit_layers(report: Report, shut: set[str]) -> tuple[str, ...]:
    """Return the layers of a visit, in order, also of those that the user did not select. A page's
    own WebSocket belongs to it if a fault of it was found."""
    layers = proof.visit_layers(report.evidence)
    return (*layers, "websocket") if "websocket" in shut - {*layers} else layers


def _shut_layers(report: Report) -> set[str]:
    """Return the layers of a visit in which the errors are."""
    shut = set()
    for cause in report.causes:
        group = [
            cause,
            *(finding for finding in report.findings if finding.explained_by == cause.id),
        ]
        errors = [each.check.layer for each in group if each.severity is Severity.ERROR]
        layers = {layer for layer in errors if layer in proof.TARGET_LAYERS}
        shut |= layers or {_SHUT_LAYERS.get(layer, "http") for layer in errors}
    return shut


def _is_unanswered(report: Report, symptom: Symptom | None) -> bool:
    if symptom is None:
        return False
    # Imported late: few runs have a pasted message.
    from diagnose.checking.symptom_answer import symptom_answer

    answer = symptom_answer(report)
    return answer is not None and answer.kind in {"met", "unrelated", "unknown", "unsent"}
