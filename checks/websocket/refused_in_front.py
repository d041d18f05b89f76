"""The WebSocket opens at the web server here, and not at the name's address, which belongs to
another machine. The proxy, load balancer or CDN in front does not pass the Upgrade on."""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import _fronts
from checks.websocket import claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Where
from diagnose.model.http import LocalAnswer, Upgrade
from diagnose.model.server import Interface
from diagnose.model.websocket_attempts import websocket_attempts
from diagnose.parsers.http import hops


@check(
    severity=Severity.ERROR,
    needs=[Upgrade, Interface, LocalAnswer],
    explains=["websocket.*"],
)
def refused_in_front(evidence: Evidence) -> Iterator[Claim]:
    for attempt in websocket_attempts(evidence):
        first = attempt.first
        own = _fronts.local_answer(evidence, "websocket", attempt.path)
        if first.accepted or own is None or not own.accepted:
            continue
        machines = _fronts.fronts(evidence, [upgrade.address for upgrade in attempt.same])
        if machines:
            base_claim = claim(
                attempt,
                "upgrade-there",
                Where.CLOUD_CONSOLE,
                {
                    "message": first.failure.message if first.failure else "",
                    "product": _fronts.product_name(machines, first.headers),
                    "hops": hops(first.headers),
                    "own_address": own.address,
                    "refused": first.status in {401, 403, 429},
                },
                _fronts.weakest(machines),
            )
            yield replace(base_claim, because=(*base_claim.because, own))
