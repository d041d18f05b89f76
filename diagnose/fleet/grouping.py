"""One incident, not a thousand: what the targets that fail for the same cause have in common.

A cause is a check and a place: the server block of nginx, the certificate, the resolver or the
address at which it fails. Targets that share both are one group.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Literal

from diagnose.model import Finding, Observation, Report
from diagnose.model.dns import DnsAnswer
from diagnose.model.frozen import frozen
from diagnose.model.tls import Handshake

PlaceKind = Literal["server-block", "certificate", "resolver", "address", "name", "target"]


@frozen
class Cause:
    """Why a target fails: the check, and the place that other targets may share.

    `place` is a file and a line, the SHA-256 of a certificate, name servers, addresses with a port,
    or a name. `title` is the finding's. `group` is the same for the same check and place, in every
    run.
    """

    check: str
    kind: PlaceKind
    place: str
    title: str = ""

    @property
    def group(self) -> str:
        digest = blake2b(f"{self.check}\0{self.kind}\0{self.place}".encode(), digest_size=6)
        return digest.hexdigest()


def causes_of(report: Report, lang: str) -> tuple[Cause, ...]:
    """Return the root causes of a report, the most important first."""
    from diagnose.outputs import finding_text

    return tuple(
        Cause(finding.check.id, *_place(report, finding), finding_text.title(finding, lang))
        for finding in report.causes
    )


def _place(report: Report, finding: Finding) -> tuple[PlaceKind, str]:
    claim = finding.claim
    if claim.location is not None:
        return "server-block", f"{claim.location.file}:{claim.location.line}"
    if finding.check.layer == "certificate" and (leaf := _leaf(claim.because)):
        return "certificate", leaf
    if finding.check.about_resolver and (servers := _name_servers(claim.because)):
        return "resolver", servers
    if finding.check.layer == "dns":
        return "name", report.evidence.target.host
    if addresses := _addresses(claim.because):
        return "address", f"{', '.join(addresses)} port {report.evidence.target.port}"
    if claim.about.address:
        return "address", str(claim.about)
    return "target", report.evidence.target.url


def _leaf(observations: Iterable[Observation]) -> str:
    """Return the SHA-256 of the certificate that the server sent; "" if it sent none."""
    for observation in observations:
        if isinstance(observation, Handshake) and observation.chain:
            return observation.chain[0].sha256
    return ""


def _name_servers(observations: Iterable[Observation]) -> str:
    servers = {answer.server for answer in observations if isinstance(answer, DnsAnswer)}
    return ", ".join(sorted(servers))


def _addresses(observations: Iterable[Observation]) -> list[str]:
    return sorted(set(_observed_addresses(observations)))


def _observed_addresses(observations: Iterable[Observation]) -> Iterator[str]:
    for observation in observations:
        address = getattr(observation, "address", None)
        if isinstance(address, str) and address:
            yield address
