"""A file of the server that is mounted into nginx's container was replaced by another of the same
name, and the container still has the old one.

A bind mount of a file leads to that file, not to its name (mount(8)). certbot, editors and `mv`
write a new file and rename it over the old one. A reload of nginx does not help: the container
has to be started again, or the folder mounted in place of the file.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import container_restart
from checks.upstream._responses import front_failures
from diagnose.checking.registry import check
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
)
from diagnose.model.containers import BindMount, NginxContainer
from diagnose.model.nginx import CertificateFile, NginxConfig
from diagnose.model.tls import Handshake, served_certificates


@check(
    severity=Severity.ERROR,
    needs=[NginxContainer, NginxConfig],
    explains=[
        "certificate.expired",
        "certificate.expires-soon",
        "certificate.renewed-elsewhere",
        "certificate.renewed-not-loaded",
        "certificate.name-mismatch",
        "http.hsts-traps-visitors",
        "nginx.key-mismatch",
        # What is wrong in the old configuration may be corrected in the new one.
        "http.server-error",
        "nginx.upstream-unresolvable",
        "upstream.*",
    ],
)
def container_file_outdated(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for container in evidence.good(NginxContainer):
        for mount in container.mounts:
            if mount.replaced and _is_used(nginx, mount):
                yield _claim(nginx, container, mount)


def _certificates(nginx: Nginx, mount: BindMount) -> tuple[CertificateFile, ...]:
    files = nginx.evidence.of(CertificateFile)
    return tuple(file for file in files if mount.point in {file.path, file.real})


def _is_used(nginx: Nginx, mount: BindMount) -> bool:
    files = nginx.config.files if nginx.config else ()
    is_config = any(mount.point in {file.path, file.real} for file in files)
    return is_config or bool(_certificates(nginx, mount))


def _claim(nginx: Nginx, container: NginxContainer, mount: BindMount) -> Claim:
    evidence = nginx.evidence
    certificates = _certificates(nginx, mount)
    served = served_certificates(evidence, lambda handshake: handshake.port == evidence.target.port)
    hashes = {file.chain[0].sha256 for file in certificates if file.chain}
    subjects = tuple(
        subject
        for certificate in served
        if certificate.leaf.sha256 in hashes
        for subject in certificate.subjects
    )
    handshakes = [
        handshake for handshake in evidence.of(Handshake) if handshake.port == evidence.target.port
    ]
    is_bad = bool(certificates) and any(handshake.failure for handshake in handshakes)
    expired = any(
        file.chain[0].is_expired(evidence.started_at) for file in certificates if file.chain
    )
    restart = container_restart(nginx)
    step = Manual("start-again", Where.SERVER)
    # Whatever was corrected on the server, nginx does not have it.
    failures = () if certificates else front_failures(evidence, ("/", evidence.target.path or "/"))
    return Claim(
        about=Subject(text=mount.point),
        covers=(*subjects, *([Subject(port=evidence.target.port)] if failures else [])),
        because=(container, *nginx.configs, *certificates, *failures),
        confidence=Confidence.LIKELY if failures else Confidence.CERTAIN,
        facts={
            "container": container.title,
            "engine": container.engine,
            "file": mount.point,
            "source": mount.source,
            "certificate": bool(certificates),
        },
        severity=None if expired or is_bad or failures else Severity.WARNING,
        fix=Fix((restart,), Applicability.REVIEW)
        if restart
        else Fix((step,), Applicability.MANUAL),
    )
