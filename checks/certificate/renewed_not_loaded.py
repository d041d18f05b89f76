"""A certificate is read when nginx starts or reloads, and never again: a renewal that reloads
nothing changes the file only, and visitors get the old one until it has expired."""

from collections.abc import Iterator

from checks.certificate import known
from checks.nginx import Answering, Nginx, own_certificate
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.nginx import CertificateFile, NginxConfig
from diagnose.model.tls import Certificate, Handshake, Served, served
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
    ],
)
def renewed_not_loaded(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    on_port = served(evidence, lambda seen: seen.port == evidence.target.port)
    files = [pair for one in nginx.answering() for pair in _files(nginx, one)]
    known_already = {leaf.sha256 for _, leaf in files}
    for one in on_port:
        newer = [pair for pair in files if _is_newer(nginx, *pair, one)]
        if newer and one.leaf.sha256 not in known_already:
            yield _claim(nginx, one, *newer[0])


def _files(nginx: Nginx, one: Answering) -> tuple[tuple[CertificateFile, Certificate], ...]:
    """The files of a block, each with the site's own certificate in it."""
    files = (file for file in nginx.certificates(one.server) if file.chain)
    return tuple((file, own_certificate(nginx, one.server, file)) for file in files)


def _is_newer(nginx: Nginx, file: CertificateFile, leaf: Certificate, one: Served) -> bool:
    """A later certificate for the name, good today, in a file that was written after nginx last
    read its files. A load balancer's or CDN's certificate in front is another matter: then
    nothing in these files is newer than what is loaded."""
    now = nginx.evidence.started_at
    loaded = nginx.master.loaded if nginx.master else None
    written = loaded is not None and file.changed is not None and file.changed > loaded
    good = leaf.is_current(now) and leaf.outlasts(one.leaf)
    named = covers(nginx.evidence.target.host, leaf.dns_names, leaf.addresses)
    return written and good and named


def _claim(nginx: Nginx, one: Served, file: CertificateFile, leaf: Certificate) -> Claim:
    evidence = nginx.evidence
    over = one.leaf.is_expired(evidence.started_at)
    loaded = nginx.master.loaded if nginx.master else None
    hours = ((file.changed or 0.0) - (loaded or 0.0)) / 3600
    return Claim(
        about=one.about,
        covers=one.subjects,
        because=(*one.handshakes, file, *([nginx.state] if nginx.state else [])),
        facts={
            "name": evidence.target.host,
            "port": one.handshakes[0].port,
            "file": file.path,
            "served_until": known(one.leaf.not_after),
            "file_until": known(leaf.not_after),
            "days": max(round(hours / 24), 0),
            "expired": over,
        },
        # It is about to expire unless somebody happens to reload; until then the site works.
        severity=None if over or _is_wrong(one) else Severity.WARNING,
        confidence=Confidence.CERTAIN if leaf.issuer == one.leaf.issuer else Confidence.LIKELY,
        fix=Fix(nginx.taken()),
    )


def _is_wrong(one: Served) -> bool:
    return any(seen.failure is not None for seen in one.handshakes)
