"""The server sends an old certificate although the file that it is configured with holds a newer
one: it was renewed and not loaded."""

import shlex
from collections.abc import Iterator

from checks.server import ServerView, reload_steps, server_on_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    server_commands,
)
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Handshake, ServedCertificate, served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.hostnames import covers


@check(
    severity=Severity.ERROR,
    needs=[Handshake, WebServer, WebServerConfig, CertificateFile],
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
def certificate_not_loaded(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None:
        return
    files = _files(view)
    file_digests = {file.chain[0].sha256 for file in files}
    for served in served_certificates(
        evidence, lambda handshake: handshake.port == evidence.target.port
    ):
        newer = next((file for file in files if _is_newer(view, file, served)), None)
        if newer and served.leaf.sha256 not in file_digests:
            yield _claim(view, served, newer)


def _files(view: ServerView) -> list[CertificateFile]:
    """Return the certificate files of the sites that answer."""
    paths = {path for site in view.answering_sites for path in site.paths("certificate", "bundle")}
    files = view.evidence.good(CertificateFile)
    return [file for file in files if file.path in paths and file.chain]


def _is_newer(view: ServerView, file: CertificateFile, served: ServedCertificate) -> bool:
    """Return whether the file holds a later certificate for the name that is valid today, written
    after the server loaded its files."""
    leaf, evidence = file.chain[0], view.evidence
    loaded = view.server.loaded or view.server.started
    written_later = loaded is not None and file.changed is not None and file.changed > loaded
    is_good = leaf.is_current(evidence.started_at) and leaf.outlasts(served.leaf)
    return (
        written_later and is_good and covers(evidence.target.host, leaf.dns_names, leaf.addresses)
    )


def _claim(view: ServerView, served: ServedCertificate, file: CertificateFile) -> Claim:
    leaf = file.chain[0]
    is_expired = served.leaf.is_expired(view.evidence.started_at)
    fix = _reading_again(view, file) if view.server.product == "traefik" else None
    fix = fix or Fix(reload_steps(view.server), Applicability.AUTOMATIC)
    commands = [step for step in fix.steps if isinstance(step, Command)]
    failed = any(handshake.failure is not None for handshake in served.handshakes)
    return Claim(
        about=served.subject,
        covers=served.subjects,
        because=(*served.handshakes, file, view.server),
        facts={
            **view.facts,
            "reload": shlex.join(commands[-1].argv) if commands else "",
            "traefik": view.server.product == "traefik",
            "file": file.path,
            "served_until": served.leaf.not_after or "",
            "file_until": leaf.not_after or "",
            "expired": is_expired,
        },
        severity=None if is_expired or failed else Severity.WARNING,
        confidence=Confidence.CERTAIN if leaf.issuer == served.leaf.issuer else Confidence.LIKELY,
        fix=fix,
    )


def _reading_again(view: ServerView, file: CertificateFile) -> Fix:
    """Return how Traefik reads a certificate again: it watches its dynamic files, and not the
    certificates that they name. A change of the file's time is enough for it."""
    named = [each for site in view.answering_sites for each in site.files]
    watched = {each.file for each in named if each.path == file.path and each.file}
    if len(watched) != 1 or view.server.foreign:
        return Fix((Manual("restart", Where.SERVER),), Applicability.MANUAL)
    return Fix((server_commands.read_again(*watched),), Applicability.AUTOMATIC)
