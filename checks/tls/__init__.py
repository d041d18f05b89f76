"""Checks of the layer `tls`, and what they share: which fault a failed handshake has.

Each failed handshake has exactly one fault, so two checks of this layer never report the same
handshake. A certificate that does not verify is none of them: the layer `certificate` reports it.
"""

import re
from collections.abc import Iterator
from typing import Any

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import LocalAnswer
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake, NameTrials, begins_http
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.name_filters import NameFilter, tls_filter

#: Alerts (RFC 8446 section 6.2) with only one meaning.
_DECISIVE_ALERTS = {
    70: "no-shared-protocol",
    112: "name-rejected",
    116: "client-certificate-required",
}

#: Alerts of a server that requires a client certificate and got none (41: SSL 3.0).
_CERTIFICATE_ALERTS = {40, 41, 42, 43, 46, 48, 49}

#: Cipher suites up to TLS 1.2 that a normal handshake offers (OpenSSL's DEFAULT at security level
#: 2), by IANA's names.
OFFERED = frozenset(
    f"TLS_{exchange}_WITH_{cipher}"
    for exchange, ciphers in (
        (
            "ECDHE_ECDSA ECDHE_RSA DHE_RSA",
            "AES_128_GCM_SHA256 AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256 AES_128_CBC_SHA "
            "AES_256_CBC_SHA AES_128_CBC_SHA256",
        ),
        ("ECDHE_ECDSA ECDHE_RSA", "AES_256_CBC_SHA384"),
        ("DHE_RSA RSA", "AES_256_CBC_SHA256"),
        (
            "RSA",
            "AES_128_GCM_SHA256 AES_256_GCM_SHA384 AES_128_CBC_SHA AES_256_CBC_SHA "
            "AES_128_CBC_SHA256",
        ),
    )
    for exchange in exchange.split()
    for cipher in ciphers.split()
)

_NO_REPLY = {"reset": "reset", "closed": "closed", "timeout": "stalled"}

#: OpenSSL's errors if the server responds in a version that was not offered.
_FOREIGN_VERSION = {"UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "UNKNOWN_PROTOCOL"}

#: A refusal that is not about TLS, in the beginning of an answer.
_WITHOUT_TLS = lazy_pattern(r"\bcontent-length: 0\b|websocket", re.IGNORECASE)


@frozen
class FailureGroup:
    """The normal handshakes (`visits`) that failed in the same way, and the comparison handshakes
    (`controls`) with the same addresses."""

    visits: tuple[Handshake, ...]
    controls: tuple[Handshake, ...]

    def control(self, *variants: str) -> Handshake | None:
        """Return the first successful comparison handshake of these variants."""
        return next(
            (
                handshake
                for handshake in self.controls
                if handshake.variant in variants and not handshake.failure
            ),
            None,
        )

    @property
    def subjects(self) -> tuple[Subject, ...]:
        return endpoints((visit.address for visit in self.visits), self.visits[0].port)

    @property
    def subject(self) -> Subject:
        return merge_subjects(self.subjects)

    @property
    def handshakes(self) -> tuple[Handshake, ...]:
        return self.visits + self.controls

    @property
    def facts(self) -> dict[str, Any]:
        """The facts that all texts of this layer use."""
        alert = self.visits[0].alert
        return {
            "addresses": tuple(dict.fromkeys(visit.address for visit in self.visits)),
            "port": self.visits[0].port,
            "name": self.visits[0].server_name or self.visits[0].address,
            "message": self.visits[0].failure.message if self.visits[0].failure else "",
            "alert": f"{alert.code} {alert.name}" if alert else "",
        }

    @property
    def shares_a_cipher(self) -> bool:
        """Whether the server, when offered all suites, chose one that it had been offered before.
        Then the suites are not the reason."""
        control = self.control("any-cipher")
        return control is not None and control.cipher in OFFERED

    @property
    def is_intermittent(self) -> bool:
        """Whether the same attempt succeeded at every address when it was repeated."""
        good_addresses = {
            handshake.address
            for handshake in self.controls
            if handshake.variant == "again" and _is_tls_reached(handshake)
        }
        return all(visit.address in good_addresses for visit in self.visits)

    @property
    def passing_name(self) -> str | None:
        """The server name that works instead of the host's own: "" for no name; None if no other
        name works either."""
        control = self.control("other-sni", "no-sni")
        return None if control is None else control.server_name or ""


def failure_groups(evidence: Evidence, fault: str) -> Iterator[FailureGroup]:
    """Yield the groups of failed handshakes with this fault, grouped by kind and code of the
    failure."""
    groups: dict[tuple[str, int | None], list[Handshake]] = {}
    for handshake in evidence.of(Handshake):
        if (
            handshake.variant == "normal"
            and handshake.failure
            and handshake.failure.kind != "certificate"
        ):
            groups.setdefault((handshake.failure.kind, handshake.failure.code), []).append(
                handshake
            )
    for visits in groups.values():
        addresses = {visit.address for visit in visits}
        controls = [
            handshake
            for handshake in evidence.of(Handshake)
            if handshake.variant not in {"normal", "unverified"} and handshake.address in addresses
        ]
        group = FailureGroup(tuple(visits), tuple(controls))
        if fault_of(group) == fault:
            yield group


def no_reply_claims(evidence: Evidence, fault: str) -> Iterator[Claim]:
    """Make claims about a server that gives no TLS response at all: it resets, closes or times
    out."""
    for group in failure_groups(evidence, fault):
        name_filter = filter_of_name(evidence, group)
        is_by_chance = group.is_intermittent and name_filter is None
        own_answer = None if is_by_chance else _own_answer(evidence)
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=(
                *group.handshakes,
                *(name_filter.trials if name_filter else ()),
                *([own_answer] if own_answer else []),
            ),
            severity=Severity.WARNING if is_by_chance else Severity.ERROR,
            facts={
                **group.facts,
                "sometimes": is_by_chance,
                "by_name": name_filter is not None
                or (not group.is_intermittent and group.passing_name is not None),
                "bytes": max(visit.bytes_received for visit in group.visits),
                "own_address": own_answer.address if own_answer else "",
                "tries": name_filter.tries if name_filter else "",
                "blocked": name_filter.blocked if name_filter else "",
                "control_tries": name_filter.control_tries if name_filter else "",
            },
            fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
        )


def _own_answer(evidence: Evidence) -> LocalAnswer | None:
    """Return what the server's own web server answered for the page over TLS, asked there, or None
    if it did not."""
    answers = (
        answer
        for answer in evidence.good(LocalAnswer)
        if answer.request == "page" and answer.chain and answer.status
    )
    return next(answers, None)


def filter_of_name(evidence: Evidence, group: FailureGroup) -> NameFilter | None:
    """Return the filter that resets the target's name at one of these addresses, or None if
    repeated attempts do not show one."""
    addresses = {visit.address for visit in group.visits}
    trials = (trial for trial in evidence.of(NameTrials) if trial.address in addresses)
    return tls_filter(trials)


def fault_of(group: FailureGroup) -> str:
    """Return the name of the check that reports the group; "handshake-failed" if the evidence does
    not decide."""
    failure, alert = group.visits[0].failure, group.visits[0].alert
    assert failure is not None
    if fault := _non_tls_fault(group):
        return fault
    if failure.kind in _NO_REPLY:
        return _NO_REPLY[failure.kind]
    if alert and group.visits[0].wants_client_certificate and alert.code in _CERTIFICATE_ALERTS:
        return "client-certificate-required"
    if alert and alert.code in _DECISIVE_ALERTS:
        return _DECISIVE_ALERTS[alert.code]
    if group.control("old") or failure.name in _FOREIGN_VERSION:
        return "no-shared-protocol"
    if alert and group.passing_name is not None:
        return "name-rejected"
    if failure.kind == "protocol" and alert is None:
        return "refused-here"
    if group.control("lenient") and group.shares_a_cipher:
        return "refused-here"
    if alert and alert.code in {40, 71} and not group.shares_a_cipher:
        return "no-shared-cipher"
    return "handshake-failed"


def confidence(proven: object) -> Confidence:
    return Confidence.CERTAIN if proven else Confidence.LIKELY


def _non_tls_fault(group: FailureGroup) -> str:
    """Return the fault if the other end does not speak TLS, otherwise "".

    A TLS port may also respond to a plain request in HTTP, to say that it requires TLS: nginx does
    so with status 400, and has words for it. Another status proves that the port speaks plain HTTP,
    and so does 400 without a word, or about a WebSocket: programs that speak nothing else answer a
    GET so (RFC 6455 section 4.2.1).
    """
    received = next((visit.received for visit in group.visits if visit.received), "")
    if received:
        return "plain-http" if begins_http(received) else "not-tls"
    plain = group.control("plain")
    if plain is None or not plain.received:
        return ""
    if not begins_http(plain.received):
        return "not-tls"
    is_told = plain.received.split(" ")[1:2] == ["400"] and not answers_without_tls(plain)
    return "" if is_told else "plain-http"


def answers_without_tls(plain: Handshake) -> bool:
    """Return whether the answer 400 to a plain request is that of a program without TLS."""
    return bool(_WITHOUT_TLS.search(plain.received))


def _is_tls_reached(handshake: Handshake) -> bool:
    """Return whether the handshake reached TLS, whatever the certificate."""
    return handshake.failure is None or handshake.failure.kind == "certificate"


def visits_fail(evidence: Evidence) -> bool:
    """Return whether a connection to the target's port, or a handshake there, failed as visitors
    make them."""
    port = evidence.target.port
    attempts: tuple[Connection | Handshake, ...]
    attempts = (*evidence.of(Connection), *evidence.of(Handshake))
    return any(attempt.port == port and attempt.shows_fault for attempt in attempts)
