"""What the evidence of a whole diagnosis lets a pulse expect. No I/O.

A pulse asks only what the diagnosis asked too, at the same addresses, and compares outcomes: the
status and where a redirect leads, or the kind of the failure, and the certificate.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from itertools import chain
from typing import Literal, TypeVar

from diagnose.model import Evidence, Failure, Observation, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, header
from diagnose.model.marks import Headers
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.redirects import REDIRECTS

Kind = TypeVar("Kind", bound=Observation)
Question = Literal["https", "http", "websocket"]
#: A question, its address and its path.
_Key = tuple[Question, str, str]
_Outcome = tuple[_Key, str]


@frozen
class Answer:
    """The answer to one question of a pulse. `path` is that of a WebSocket, else ""; `outcome` is
    a status ("200", "301 https://shop.example.com/") or a failure ("refused", "certificate 10").
    `certificate` is the SHA-256 of the leaf, "" if none came."""

    question: Question
    address: str
    path: str
    outcome: str
    certificate: str = ""


@frozen
class Expectation:
    """What a pulse expects.

    `addresses` are those of the target, in their order. `outcomes` holds, for each question, its
    address and its path, what counts as the same; questions that it does not hold are not asked.
    `certificates` are the leaves that each address showed. `http2` are the addresses that speak
    HTTP/2 only, `trusted` those whose certificate was verified and is the site's own.
    """

    addresses: tuple[str, ...] = ()
    outcomes: Mapping[_Key, frozenset[str]] = field(default_factory=dict)
    certificates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    http2: frozenset[str] = frozenset()
    trusted: frozenset[str] = frozenset()

    def questions(self, address: str) -> tuple[tuple[Question, str], ...]:
        """Return the questions for an address, each with its path."""
        return tuple(
            (question, path) for question, place, path in self.outcomes if place == address
        )

    def difference(self, answers: Iterable[Answer]) -> str:
        """Return what differs ("https 203.0.113.10: refused, was 200"), "" if nothing does."""
        for answer in answers:
            place = f"{answer.question}{answer.path} {answer.address}"
            expected = self.outcomes.get((answer.question, answer.address, answer.path))
            if expected is not None and answer.outcome not in expected:
                return f"{place}: {answer.outcome}, was {' or '.join(sorted(expected))}"
            leaves = self.certificates.get(answer.address)
            if answer.certificate and leaves and answer.certificate not in leaves:
                return f"{place}: another certificate"
        return ""


def outcome(failure: Failure | None, status: int | None = None, headers: Headers = ()) -> str:
    """Return an outcome as text. The query of a redirect is left out: it often is another one."""
    if failure is not None:
        number = f" {failure.code}" if failure.kind in {"certificate", "alert"} else ""
        return f"{failure.kind}{number}"
    location = (header(headers, "Location") or "") if status in REDIRECTS else ""
    return f"{status} {location.partition('?')[0]}".rstrip()


def expectation(evidence: Evidence) -> Expectation:
    """Return what to expect after a whole diagnosis."""
    handshakes = [
        handshake for handshake in _from_here(evidence.of(Handshake)) if handshake.is_browser_like
    ]
    exchanges = [
        exchange for exchange in _from_here(evidence.of(Exchange)) if not exchange.redirected_from
    ]
    outcomes: dict[_Key, set[str]] = {}
    for key, text in chain(
        _failed_connections(evidence),
        _failed_handshakes(handshakes),
        _pages(evidence, exchanges),
        _upgrades(evidence),
    ):
        outcomes.setdefault(key, set()).add(text)
    return Expectation(
        _addresses(evidence),
        {key: frozenset(texts) for key, texts in outcomes.items()},
        _leaves(handshakes),
        frozenset(handshake.address for handshake in handshakes if handshake.alpn == "h2"),
        _trusted(handshakes, exchanges),
    )


def _page_question(evidence: Evidence, purpose: str) -> Question:
    return "https" if purpose != "plain" and evidence.target.uses_tls else "http"


def _failed_connections(evidence: Evidence) -> Iterator[_Outcome]:
    for connection in _from_here(evidence.of(Connection)):
        if connection.failure and connection.purpose in {"target", "plain", "again"}:
            question = _page_question(evidence, connection.purpose)
            yield (question, connection.address, ""), outcome(connection.failure)


def _failed_handshakes(handshakes: Iterable[Handshake]) -> Iterator[_Outcome]:
    for handshake in handshakes:
        if handshake.failure:
            yield ("https", handshake.address, ""), outcome(handshake.failure)


def _pages(evidence: Evidence, exchanges: Iterable[Exchange]) -> Iterator[_Outcome]:
    for exchange in exchanges:
        if exchange.purpose in {"target", "plain", "again"} and exchange.verified:
            failure = None if exchange.status else exchange.failure
            text = outcome(failure, exchange.status, exchange.headers)
            yield (_page_question(evidence, exchange.purpose), exchange.address, ""), text


def _upgrades(evidence: Evidence) -> Iterator[_Outcome]:
    for upgrade in _from_here(evidence.of(Upgrade)):
        if upgrade.through == "front" and upgrade.variant in {"normal", "again"}:
            failure = None if upgrade.status else upgrade.failure
            text = outcome(failure, upgrade.status, upgrade.headers)
            yield ("websocket", upgrade.address, upgrade.path), text


def _from_here(observations: Iterable[Kind]) -> list[Kind]:
    return [observation for observation in observations if observation.vantage is Vantage.HERE]


def _addresses(evidence: Evidence) -> tuple[str, ...]:
    resolutions = _from_here(evidence.of(Resolution))
    return tuple(
        dict.fromkeys(
            address for resolution in resolutions for address in resolution.allowed_addresses
        )
    )


def _leaves(handshakes: Iterable[Handshake]) -> dict[str, frozenset[str]]:
    leaves: dict[str, set[str]] = {}
    for handshake in handshakes:
        for leaf in handshake.chain[:1]:
            leaves.setdefault(handshake.address, set()).add(leaf.sha256)
    return {address: frozenset(prints) for address, prints in leaves.items()}


def _trusted(handshakes: Iterable[Handshake], exchanges: Iterable[Exchange]) -> frozenset[str]:
    """Return the addresses at which the user's credentials may be sent."""
    verified = {
        exchange.address
        for exchange in exchanges
        if exchange.purpose == "target" and exchange.verified
    }
    return frozenset(
        handshake.address
        for handshake in handshakes
        if handshake.verify_code == 0 and handshake.address in verified
    )
