"""The same WebSocket opens at one of the name's addresses, and the other one refuses it: two
servers, or two `server` blocks for IPv4 and IPv6, of which one does not know the path.

Browsers mostly choose IPv6 (RFC 8305), so that the WebSocket fails for a part of the visitors.
"""

from collections.abc import Iterator

from checks.websocket import claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Where
from diagnose.model.addresses import family_of
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.websocket_attempts import websocket_attempts
from diagnose.parsers.websocket_refusal import opens_at_times


@check(
    severity=Severity.ERROR,
    needs=[Upgrade],
    needs_fault=[Upgrade],
    explains=["websocket.not-upgraded"],
)
def addresses_differ(evidence: Evidence) -> Iterator[Claim]:
    attempts = websocket_attempts(evidence)
    for attempt in attempts:
        first = attempt.first
        other_attempts = [
            upgrade
            for other_attempt in attempts
            if other_attempt.path == attempt.path and other_attempt.first.stayed_open
            for upgrade in other_attempt.same
            if upgrade.address != first.address
        ]
        is_refused = first.fault == "status" and first.failure is None
        if not is_refused or not other_attempts or opens_at_times(attempt):
            continue
        if not _page_answers(evidence, first.address):
            continue
        yield claim(
            attempt,
            "same-blocks",
            Where.SERVER,
            {
                "good": other_attempts[0].address,
                "bad": first.address,
                "families": family_of(other_attempts[0].address) != family_of(first.address),
                "six": family_of(first.address) == 6,
            },
        )


def _page_answers(evidence: Evidence, address: str) -> bool:
    """Return whether the page itself comes from this address: else the address is the question."""
    return any(
        page.purpose == "target" and page.address == address and (page.status or 500) < 400
        for page in evidence.good(Exchange)
    )
