"""HAProxy reads certificate, chain and key from one file, which was made of certbot's files. The
certificate was renewed, and the file was not made again: it still holds the old certificate."""

from collections.abc import Iterator

from checks.certificate import fact_or_empty
from checks.certificate._outdated_copies import renews
from checks.server import ServerView, reload_steps
from checks.server._haproxy import haproxy_view
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    server_commands,
)
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Handshake, ServedCertificate, served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.hostnames import covers


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Handshake, CertificateFile, OtherCertificate],
    explains=["certificate.expired", "certificate.expires-soon", "http.hsts-traps-visitors"],
)
def haproxy_bundle_outdated(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    if haproxy is None:
        return
    view = haproxy.view
    paths = {path for site in view.answering_sites for path in site.paths("bundle")}
    for served in served_certificates(evidence, lambda handshake: handshake.port == port):
        file = next(
            (
                file
                for file in evidence.good(CertificateFile)
                if file.path in paths and file.sha256 == served.leaf.sha256
            ),
            None,
        )
        renewed = _renewed(evidence, served, file) if file else None
        if file and renewed:
            yield _claim(view, served, file, renewed)
            return


def _renewed(
    evidence: Evidence, served: ServedCertificate, file: CertificateFile
) -> OtherCertificate | None:
    """Return the newest certificate for the name that is valid now, has its key, and is valid for
    longer than the one that is served."""
    candidates = (
        other_certificate
        for other_certificate in evidence.good(OtherCertificate)
        if other_certificate.key
        and other_certificate.key != other_certificate.path
        and other_certificate.leaf.is_current(evidence.started_at)
        and other_certificate.leaf.outlasts(served.leaf)
        and renews(other_certificate, file, evidence.started_at)
        and covers(
            evidence.target.host, other_certificate.leaf.dns_names, other_certificate.leaf.addresses
        )
    )
    return next(candidates, None)


def _claim(
    view: ServerView, served: ServedCertificate, file: CertificateFile, renewed: OtherCertificate
) -> Claim:
    """The file behind a link is written: the link itself stays."""
    path = file.real or file.path
    is_same_renewal = renewed.leaf.issuer == served.leaf.issuer and renewed.tool != ""
    # A link to the tool's own file is not overwritten.
    own = not path.startswith(("/etc/letsencrypt/", "/root/.acme.sh/"))
    step = server_commands.write_bundle(path, renewed.path, renewed.key)
    is_expired = served.leaf.is_expired(view.evidence.started_at)
    is_due = served.leaf.is_due(view.evidence.started_at)
    applicability = Applicability.AUTOMATIC if is_same_renewal else Applicability.REVIEW
    steps = (step, *reload_steps(view.server)) if own else (Manual("combine", Where.SERVER),)
    return Claim(
        about=served.subject,
        covers=served.subjects,
        because=(*served.handshakes, file, renewed, view.server),
        facts={
            **view.facts,
            "file": file.path,
            "renewed": renewed.path,
            "key": renewed.key,
            "tool": renewed.tool,
            "certbot": renewed.tool == "certbot",
            "served_until": fact_or_empty(served.leaf.not_after),
            "renewed_until": fact_or_empty(renewed.leaf.not_after),
            "expired": is_expired,
        },
        severity=None if is_expired else Severity.WARNING,
        confidence=Confidence.CERTAIN if is_same_renewal and is_due else Confidence.LIKELY,
        fix=Fix(steps, applicability if own else Applicability.MANUAL),
    )
