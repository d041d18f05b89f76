"""Checks of the layer `tls`, and what they share: which fault a failed handshake is.

Each failed visit is exactly one of them, so that no two checks of this layer speak of the same
handshake. A certificate that does not verify is none: the layer `certificate` says why.
"""

from collections.abc import Iterator
from typing import Any

from diagnose.frozen import frozen
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
    together,
)
from diagnose.model.tls import Handshake

#: Alerts (RFC 8446 section 6.2) that say one thing only.
_SPEAKING = {
    70: "no-shared-protocol",
    112: "name-rejected",
    116: "client-certificate-required",
}

#: What a server says that wanted a client certificate and got none (41: SSL 3.0).
_UNCERTIFIED = {40, 41, 42, 43, 46, 48, 49}

_MUTE = {"reset": "reset", "closed": "closed", "timeout": "stalled"}

#: OpenSSL's words for a server that answered in a version which was not offered.
_FOREIGN_VERSION = {"UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "UNKNOWN_PROTOCOL"}


@frozen
class Failed:
    """The visits that failed in one way, and the comparisons made for them."""

    visits: tuple[Handshake, ...]
    controls: tuple[Handshake, ...]

    def control(self, *variants: str) -> Handshake | None:
        """The first comparison of these variants that went well."""
        return next(
            (one for one in self.controls if one.variant in variants and not one.failure), None
        )

    @property
    def subjects(self) -> tuple[Subject, ...]:
        return endpoints((one.address for one in self.visits), self.visits[0].port)

    @property
    def about(self) -> Subject:
        return together(self.subjects)

    @property
    def because(self) -> tuple[Handshake, ...]:
        return self.visits + self.controls

    @property
    def facts(self) -> dict[str, Any]:
        """What every text of this layer may name."""
        alert = self.visits[0].alert
        return {
            "addresses": tuple(dict.fromkeys(one.address for one in self.visits)),
            "port": self.visits[0].port,
            "name": self.visits[0].server_name or self.visits[0].address,
            "message": self.visits[0].failure.message if self.visits[0].failure else "",
            "alert": f"{alert.code} {alert.name}" if alert else "",
        }

    @property
    def sometimes(self) -> bool:
        """Whether the same attempt, made once more, went well on every address."""
        well = {one.address for one in self.controls if one.variant == "again" and _open(one)}
        return all(one.address in well for one in self.visits)

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.sometimes else Severity.ERROR

    @property
    def passing_name(self) -> str | None:
        """The name with which, instead of the host's own, the handshake goes well: "" for none
        at all; None where neither does."""
        other = self.control("other-sni", "no-sni")
        return None if other is None else other.server_name or ""


def failed(evidence: Evidence, fault: str) -> Iterator[Failed]:
    """The visits that are this fault, those of one kind and code together."""
    groups: dict[tuple[str, int | None], list[Handshake]] = {}
    for seen in evidence.of(Handshake):
        if seen.variant == "normal" and seen.failure and seen.failure.kind != "certificate":
            groups.setdefault((seen.failure.kind, seen.failure.code), []).append(seen)
    for visits in groups.values():
        places = {one.address for one in visits}
        controls = [
            one
            for one in evidence.of(Handshake)
            if one.variant not in {"normal", "unverified"} and one.address in places
        ]
        together = Failed(tuple(visits), tuple(controls))
        if fault_of(together) == fault:
            yield together


def mute(evidence: Evidence, fault: str) -> Iterator[Claim]:
    """What is said of a server that gives no TLS answer at all, in whichever way it does so."""
    for one in failed(evidence, fault):
        yield Claim(
            about=one.about,
            covers=one.subjects,
            because=one.because,
            severity=one.severity,
            facts={
                **one.facts,
                "sometimes": one.sometimes,
                "by_name": not one.sometimes and one.passing_name is not None,
                "bytes": max(seen.bytes_received for seen in one.visits),
            },
            fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
        )


def fault_of(failed: Failed) -> str:
    """Which check's fault it is; "handshake-failed" where the evidence does not decide."""
    failure, alert = failed.visits[0].failure, failed.visits[0].alert
    assert failure is not None
    if spoken := _spoken(failed):
        return spoken
    if failure.kind in _MUTE:
        return _MUTE[failure.kind]
    if alert and failed.visits[0].wants_client_certificate and alert.code in _UNCERTIFIED:
        return "client-certificate-required"
    if alert and alert.code in _SPEAKING:
        return _SPEAKING[alert.code]
    if failed.control("old") or failure.name in _FOREIGN_VERSION:
        return "no-shared-protocol"
    if alert and failed.passing_name is not None:
        return "name-rejected"
    if failed.control("any-cipher") or (alert and alert.code in {40, 71}):
        return "no-shared-cipher"
    return "handshake-failed"


def confidence(proven: object) -> Confidence:
    return Confidence.CERTAIN if proven else Confidence.LIKELY


def is_http(received: str) -> bool:
    """Whether text is the beginning of an HTTP answer, or of the bare page with which servers
    answer what they take for HTTP/0.9."""
    begins = received.lstrip("\ufffd ").lower()
    return begins.startswith(("http/1.", "<html", "<!doctype html", "<head"))


def _spoken(failed: Failed) -> str:
    """What the other end speaks, if it is not TLS.

    In answer to a plain request also a TLS port may speak HTTP, to say that it wants TLS: nginx
    with status 400. Only another status shows that it speaks nothing else.
    """
    received = next((one.received for one in failed.visits if one.received), "")
    if received:
        return "plain-http" if is_http(received) else "not-tls"
    plain = failed.control("plain")
    if plain is None or not plain.received:
        return ""
    if not is_http(plain.received):
        return "not-tls"
    return "" if plain.received.split(" ")[1:2] == ["400"] else "plain-http"


def _open(seen: Handshake) -> bool:
    """Whether TLS was reached, whatever the certificate."""
    return seen.failure is None or seen.failure.kind == "certificate"
