"""nginx serves an old certificate although the file holds a renewed one. nginx reads certificates
only when it starts or reloads. A renewal without a reload changes only the file.

Behind a CDN only the CDN gets that certificate, and answers with an error of its own; what nginx
serves was asked on the server.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.certificate import fact_or_empty
from checks.http import endpoint_subjects
from checks.nginx import Nginx, SelectedServer
from checks.nginx._certificates import certificate_files, own_certificate
from checks.nginx._commands import reload_steps
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.nginx import CertificateFile, NginxConfig
from diagnose.model.tls import Certificate, Handshake, ServedCertificate, served_certificates
from diagnose.parsers.hostnames import covers


@check(
    severity=Severity.ERROR,
    needs=[Handshake, NginxConfig, CertificateFile],
    explains=[
        "certificate.expired",
        "certificate.expires-soon",
        "certificate.not-yet-valid",
        "certificate.self-signed",
        "certificate.name-mismatch",
        "certificate.chain-incomplete",
        "certificate.untrusted-root",
        "http.hsts-traps-visitors",
        "http.cdn-error",
    ],
)
def renewed_not_loaded(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    served_certs = served_certificates(
        evidence, lambda handshake: handshake.port == evidence.target.port
    )
    files = [
        pair
        for answering_block in nginx.selected_servers()
        for pair in _files(nginx, answering_block)
    ]
    known_hashes = {leaf.sha256 for _, leaf in files}
    for served_cert in served_certs:
        newer_pairs = [pair for pair in files if _is_newer(nginx, *pair, served_cert)]
        if newer_pairs and served_cert.leaf.sha256 not in known_hashes:
            yield _claim(nginx, served_cert, *newer_pairs[0])
    yield from _behind_cdn(nginx, files)


def _behind_cdn(nginx: Nginx, files: list[tuple[CertificateFile, Certificate]]) -> Iterator[Claim]:
    """Judge by what nginx itself serves, if a CDN in front refuses its certificate."""
    from checks.http._fronts import cdn_visits, local_answer

    page = local_answer(nginx.evidence, "page")
    visits = cdn_visits(nginx.evidence, "certificate", "connect")
    if page is None or not page.chain or not visits:
        return
    # The shape of what visitors get: here the CDN is the visitor.
    handshake = Handshake(address=visits[0].address, port=nginx.evidence.target.port)
    served_cert = ServedCertificate(page.chain[0], page.chain, (handshake,))
    newer_pairs = [pair for pair in files if _is_newer(nginx, *pair, served_cert)]
    if newer_pairs and page.chain[0].sha256 not in {leaf.sha256 for _, leaf in files}:
        claim = _claim(nginx, served_cert, *newer_pairs[0])
        subjects = endpoint_subjects(visits)
        yield replace(
            claim,
            covers=subjects,
            because=(page, *visits, newer_pairs[0][0], *([nginx.state] if nginx.state else [])),
            severity=None,
            facts={**claim.facts, "behind": True},
        )


def _files(
    nginx: Nginx, answering_block: SelectedServer
) -> tuple[tuple[CertificateFile, Certificate], ...]:
    """Return the certificate files of a block, each with the site's own certificate in it."""
    files = (file for file in certificate_files(nginx, answering_block.server) if file.chain)
    return tuple((file, own_certificate(nginx, answering_block.server, file)) for file in files)


def _is_newer(
    nginx: Nginx, file: CertificateFile, leaf: Certificate, served_cert: ServedCertificate
) -> bool:
    """Return whether the file holds a later certificate for the name, valid today and written after
    nginx last loaded its files.

    If a load balancer or a CDN in front serves its own certificate, nothing in these files is newer
    than what nginx loaded.
    """
    current_time = nginx.evidence.started_at
    loaded_at = nginx.master.loaded if nginx.master else None
    is_unloaded = loaded_at is not None and file.changed is not None and file.changed > loaded_at
    is_good = leaf.is_current(current_time) and leaf.outlasts(served_cert.leaf)
    covers_host = covers(nginx.evidence.target.host, leaf.dns_names, leaf.addresses)
    return is_unloaded and is_good and covers_host


def _claim(
    nginx: Nginx, served_cert: ServedCertificate, file: CertificateFile, leaf: Certificate
) -> Claim:
    evidence = nginx.evidence
    is_expired = served_cert.leaf.is_expired(evidence.started_at)
    loaded_at = nginx.master.loaded if nginx.master else None
    hours = ((file.changed or 0.0) - (loaded_at or 0.0)) / 3600
    return Claim(
        about=served_cert.subject,
        covers=served_cert.subjects,
        because=(*served_cert.handshakes, file, *([nginx.state] if nginx.state else [])),
        facts={
            "name": evidence.target.host,
            "port": served_cert.handshakes[0].port,
            "file": file.path,
            "served_until": fact_or_empty(served_cert.leaf.not_after),
            "file_until": fact_or_empty(leaf.not_after),
            "days": max(round(hours / 24), 0),
            "expired": is_expired,
            "behind": False,
        },
        # It will expire unless somebody happens to reload nginx. Until then the site works.
        severity=None if is_expired or _has_failed(served_cert) else Severity.WARNING,
        confidence=Confidence.CERTAIN
        if leaf.issuer == served_cert.leaf.issuer
        else Confidence.LIKELY,
        fix=Fix(reload_steps(nginx)),
    )


def _has_failed(served_cert: ServedCertificate) -> bool:
    return any(handshake.failure is not None for handshake in served_cert.handshakes)
