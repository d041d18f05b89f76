"""What has to be seen before a target may be called healthy, and what of it was not seen. Pure.

A target is proven where its own port was seen connected, its handshake verified (https, wss) and
its answer read, on every address that is to be judged, and each WebSocket that was asked for was
seen to open. Port 80 of an https target proves nothing of it, nor does a view from the server of
what visitors meet. Of a run that did not come to its end nothing is proven.
"""

from collections.abc import Callable, Iterator
from typing import Literal, TypeVar

from diagnose.model import LAYERS, Evidence, Observation, Report, Severity, Subject, Unseen, Vantage
from diagnose.model.dns import Resolution, published, reached
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers

Step = Literal[
    "addresses", "connection", "handshake", "verification", "answer", "websocket", "listener",
    "layer",
]  # fmt: skip
Try = TypeVar("Try", Connection, Handshake, Exchange, Upgrade)
Reason = Literal["crash", "interrupted", "deadline", "running"]

#: `Unseen.what` of the rest of a run, and `Unseen.why` for each reason.
REST = "run"
DEADLINE, INTERRUPTED, CRASHED = "deadline", "it was interrupted", "our-fault"

#: The layers of which a target of its own has a part, and those that only its server shows.
TARGET_LAYERS = ("dns", "tcp", "tls", "certificate", "http", "websocket")
SERVER_LAYERS = tuple(layer for layer in LAYERS if layer not in TARGET_LAYERS)

#: getaddrinfo(3): the name has no address of this family, which is an answer.
_NO_ADDRESS = {"EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY"}


@frozen(eq=False)
class Missing:
    """What was not seen of a target, and without which nobody knows whether it works.

    `step` is what would have been seen, `layer` where. `places` are the ports
    ("[2001:db8::1]:443"), names or paths at which it was not; `attempts` what was seen of it
    instead, failed or refused.
    """

    step: Step
    layer: str
    places: tuple[str, ...] = ()
    attempts: tuple[Observation, ...] = ()


def unfinished(report: Report) -> tuple[Reason, ...]:
    """Why a run did not come to its end, or did so without a part of its own."""
    unseen = report.evidence.of(Unseen)
    rest = {look.why for look in unseen if look.what == REST}
    crashed = report.crashes or any(look.why == CRASHED for look in unseen)
    reasons: list[tuple[Reason, object]] = [
        ("crash", crashed),
        ("interrupted", report.interrupted or INTERRUPTED in rest),
        ("deadline", rest - {INTERRUPTED}),
        ("running", report.running),
    ]
    return tuple(reason for reason, holds in reasons if holds)


def lacking(report: Report) -> tuple[Missing, ...]:
    """What is missing of a proof of all that was to be judged: at each place the first step."""
    layers = required(report.evidence)
    pieces = [piece for layer in layers for piece in missing(report, layer)]
    first: list[Missing] = []
    known: set[str] = set()
    for piece in sorted(pieces, key=_order):
        places = tuple(place for place in piece.places if place not in known)
        if places or not piece.places:
            first.append(Missing(piece.step, piece.layer, places, piece.attempts))
        known.update(places)
    return tuple(first)


def _order(piece: Missing) -> int:
    return 0 if piece.step == "addresses" else LAYERS.index(piece.layer) + 1


def required(evidence: Evidence) -> tuple[str, ...]:
    """The layers that have to be proven: those that were named, else those that the target has."""
    scope, target = evidence.scope, evidence.target
    if scope.only:
        return tuple(layer for layer in LAYERS if layer in scope.only)
    secured = ("tls", "certificate") if target.scheme in {"https", "wss"} else ()
    sockets = ("websocket",) if target.websockets else ()
    reached_by = ("dns", "tcp") if scope.outside else ("listener",)
    every = (*reached_by, *secured, "http", *sockets)
    return tuple(layer for layer in every if scope.wants(layer)) or every


def is_proven(report: Report, layer: str) -> bool:
    """Whether a layer may be called well, if no finding says otherwise: of a target's own all that
    belongs to it was seen; of its server something, in a run that came to its end."""
    if layer in _shaken(report):
        return False
    if _is_of_target(report.evidence, layer):
        return bool(looks(report, layer)) and not missing(report, layer)
    return not unfinished_inside(report) and any(not look.failure for look in looks(report, layer))


def unfinished_inside(report: Report) -> bool:
    """Whether more of the server might have been seen."""
    return bool({"interrupted", "deadline", "running"}.intersection(unfinished(report)))


def looks(report: Report, layer: str) -> tuple[Observation, ...]:
    """What was seen of a layer. A certificate is seen in the handshake that brings it."""
    return tuple(
        look
        for look in report.evidence.observations
        if (type(look).layer == layer and type(look) is not Unseen)
        or (layer == "certificate" and isinstance(look, Handshake) and look.chain)
    )


def missing(report: Report, layer: str) -> tuple[Missing, ...]:
    """What was not seen of a layer and belongs to the target itself."""
    if not _is_of_target(report.evidence, layer):
        if layer == "listener" and not report.evidence.scope.outside:
            return _listener(report.evidence)
        seen = any(not look.failure for look in looks(report, layer))
        return () if seen and not unfinished_inside(report) else (Missing("layer", layer),)
    vantages = {look.vantage for look in looks(report, layer)}
    outside = report.evidence.scope.outside
    if outside and (Vantage.HERE in vantages or not vantages):
        return _Sight(report, Vantage.HERE).missing(layer)
    return _Sight(report, Vantage.SERVER).missing(layer)


def _is_of_target(evidence: Evidence, layer: str) -> bool:
    """Whether a layer has something that belongs to this target."""
    target = evidence.target
    if layer in {"tls", "certificate"}:
        return target.scheme in {"https", "wss"}
    return layer in TARGET_LAYERS and (layer != "websocket" or bool(target.websockets))


def _listener(evidence: Evidence) -> tuple[Missing, ...]:
    port = evidence.target.port
    if any(look.on(port) for look in evidence.good(Listeners)):
        return ()
    return (Missing("listener", "listener", (str(Subject(port=port)),)),)


def _shaken(report: Report) -> set[str]:
    """The layers of which something crashed."""
    unseen = (look.what for look in report.evidence.of(Unseen) if look.why == CRASHED)
    shaken: set[str] = set()
    for where in (*(crash.where for crash in report.crashes), *unseen):
        named = {part for part in where.split(".") if part in LAYERS}
        elsewhere = SERVER_LAYERS if where.startswith("inside.") else LAYERS
        shaken.update(named or elsewhere)
        shaken |= {"certificate"} if "tls" in named else set()
    return shaken


class _Sight:
    """What was seen of a target from one vantage, address by address."""

    def __init__(self, report: Report, vantage: Vantage) -> None:
        self.evidence, self.vantage = report.evidence, vantage
        self.target = report.evidence.target
        here = vantage is Vantage.HERE
        self.addresses = _judged(report) if here else self._entered()
        self.unresolved = _unresolved(report.evidence) if here else ()

    def missing(self, layer: str) -> tuple[Missing, ...]:
        if layer == "websocket":
            steps = self._websockets()
        else:
            steps = self._by_address(*_PROOFS[layer]) if layer in _PROOFS else ()
        if not self.addresses and not self.unresolved:
            return (Missing("addresses", "dns", (self.target.host,)),)
        return (*self.unresolved, *steps)

    def tries(self, kind: type[Try], address: str) -> tuple[Try, ...]:
        """All that was tried by one kind of look at the target's own port, at an address."""
        return tuple(look for look in self._own(kind) if look.address == address)

    def _own(self, kind: type[Try]) -> Iterator[Try]:
        for look in self.evidence.of(kind):
            if look.vantage is self.vantage and look.port == self.target.port:
                yield look

    def _entered(self) -> tuple[str, ...]:
        """The server's own addresses at which it was asked from within."""
        handshakes, pages = self._own(Handshake), self._own(Exchange)
        addresses = [shown.address for shown in handshakes] + [page.address for page in pages]
        return tuple(dict.fromkeys(addresses))

    def _by_address(
        self, step: Step, layer: str, attempts: "Attempts", is_proof: "IsProof"
    ) -> tuple[Missing, ...]:
        tried = {address: attempts(self, address) for address in self.addresses}
        bad = {address: seen for address, seen in tried.items() if not is_proof(self, seen)}
        if not bad:
            return ()
        places = tuple(str(Subject(address=look, port=self.target.port)) for look in bad)
        return (
            Missing(step, layer, places, tuple(look for seen in bad.values() for look in seen)),
        )

    def _websockets(self) -> tuple[Missing, ...]:
        """Each path that was asked for, over each version of IP that the target has."""
        families = dict.fromkeys(6 if ":" in look else 4 for look in self.addresses)
        pieces = []
        for path in self.target.websockets:
            tries = tuple(
                look
                for look in self._own(Upgrade)
                if look.path == path and look.through == "front" and look.variant in _OPENING
            )
            opened = {6 if ":" in look.address else 4 for look in tries if _is_open(look)}
            shut = [family for family in families if family not in opened]
            if shut:
                every = len(shut) == len(families)
                places = (path,) if every else tuple(f"{path} (IPv{family})" for family in shut)
                pieces.append(Missing("websocket", "websocket", places, tries))
        return tuple(pieces)


#: A WebSocket as a browser opens it: as it is, with the subprotocol that the server asks for, or
#: without our ping, which no browser sends.
_OPENING = {"normal", "subprotocol", "no-ping"}

Attempts = Callable[[_Sight, str], tuple[Observation, ...]]
IsProof = Callable[[_Sight, tuple[Observation, ...]], bool]


def _judged(report: Report) -> tuple[str, ...]:
    """The addresses of the target that are to be judged. Where a note says that this machine has
    no way to one of them, that one says nothing of the target."""
    notes = (
        look.claim.because
        for look in report.findings
        if look.check.layer == "host" and look.severity is Severity.NOTE
    )
    beyond = {
        attempt.address
        for because in notes
        for attempt in because
        if isinstance(attempt, Connection)
    }
    addresses = reached(report.evidence)
    return tuple(look for look in addresses if look not in beyond) or addresses


def _unresolved(evidence: Evidence) -> tuple[Missing, ...]:
    """The versions of IP of which nobody knows whether the name has an address."""
    seen = evidence.of(Resolution)
    if any(look.via in {"literal", "option", "proxy"} for look in seen):
        return ()
    families = (evidence.scope.family,) if evidence.scope.family else (4, 6)
    open_ = [look for look in families if not _is_resolved(evidence, look)]
    if not open_:
        return ()
    host = evidence.target.host
    places = (host,) if len(open_) == len(families) else (f"{host} (IPv{open_[0]})",)
    tries = tuple(look for look in seen if look.family in open_)
    return (Missing("addresses", "dns", places, tries),)


def _is_resolved(evidence: Evidence, family: int) -> bool:
    answers = [look for look in evidence.of(Resolution) if look.family == family]
    settled = any(not look.failure or look.failure.name in _NO_ADDRESS for look in answers)
    return settled or (bool(answers) and published(evidence, family) == ())


def _connections(sight: _Sight, address: str) -> tuple[Observation, ...]:
    tries = sight.tries(Connection, address)
    return tuple(look for look in tries if look.purpose in {"target", "again"})


def _handshakes(sight: _Sight, address: str) -> tuple[Observation, ...]:
    tries = sight.tries(Handshake, address)
    return tuple(look for look in tries if look.as_a_visitor or look.variant == "unverified")


def _visits(sight: _Sight, address: str) -> tuple[Observation, ...]:
    return tuple(look for look in sight.tries(Handshake, address) if look.as_a_visitor)


def _answers(sight: _Sight, address: str) -> tuple[Observation, ...]:
    """Where a WebSocket is the target, its opening is an answer."""
    pages = [look for look in sight.tries(Exchange, address) if look.purpose == "target"]
    if sight.target.scheme not in {"ws", "wss"}:
        return tuple(pages)
    sockets = (look for look in sight.tries(Upgrade, address) if look.through == "front")
    return (*pages, *(look for look in sockets if _is_open(look)))


def _is_open(seen: Upgrade) -> bool:
    """It opened, and it stayed open or was closed in good order."""
    return seen.held is True and seen.failure is None


def _is_connected(_: _Sight, seen: tuple[Observation, ...]) -> bool:
    return any(not look.failure for look in seen)


def _is_shaken(_: _Sight, seen: tuple[Observation, ...]) -> bool:
    """No visitor's handshake failed but for the certificate, which is judged apart."""
    visits = [look for look in seen if isinstance(look, Handshake) and look.as_a_visitor]
    sound = all(not look.failure or look.failure.kind == "certificate" for look in visits)
    return bool(visits) and sound and any(not look.failure for look in seen)


def _is_verified(sight: _Sight, seen: tuple[Observation, ...]) -> bool:
    """OpenSSL took the chain, the name is in the certificate, and that at every visit."""
    return bool(seen) and all(
        isinstance(look, Handshake)
        and not look.failure
        and look.verify_code == 0
        and bool(look.chain)
        and covers(sight.target.host, look.chain[0].dns_names, look.chain[0].addresses)
        for look in seen
    )


def _is_answered(_: _Sight, seen: tuple[Observation, ...]) -> bool:
    return bool(seen) and all(
        not look.failure and (not isinstance(look, Exchange) or look.status is not None)
        for look in seen
    )


_PROOFS: dict[str, tuple[Step, str, Attempts, IsProof]] = {
    "tcp": ("connection", "tcp", _connections, _is_connected),
    "tls": ("handshake", "tls", _handshakes, _is_shaken),
    "certificate": ("verification", "certificate", _visits, _is_verified),
    "http": ("answer", "http", _answers, _is_answered),
}
