"""The certificate was renewed, but the new one lies where the web server does not read it: a second
lineage of certbot (-0001), the folder of acme.sh without --install-cert, a manual copy that nobody
repeats. Every renewal reports success, and the site's certificate still expires.

A later certificate for the name is not enough: its key must be there too, and the server must not
use it already. The fix is automatic only if the same authority issued it, or if a tool for public
certificates keeps it.
"""

import shlex
from collections.abc import Iterator

from checks.certificate import fact_or_empty, file_of, is_publicly_trusted
from checks.certificate._outdated_copies import renews
from checks.nginx import Nginx, file_line
from checks.nginx._certificates import certificate_files
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.server import reload_steps as server_reload_steps
from checks.server import server_on_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    server_commands,
)
from diagnose.model.files import OtherCertificate
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile, Directive
from diagnose.model.tls import Handshake, ServedCertificate, served_certificates
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import Server

#: Synology's panel: it writes nginx's configuration, and copies the certificates for each service.
_DSM = "DSM"
#: Folders whose files users other than root may change, or which the tool's documentation says not
#: to use directly. Those of lego and Caddy in root's home are made to be used.
_UNTRUSTED_FOLDERS = ("/home/", "/root/.acme.sh/")


@frozen
class DirectivePair:
    """The directives that name the certificate and the key in use."""

    certificate: Directive
    key: Directive


@check(
    severity=Severity.ERROR,
    needs=[Handshake, CertificateFile, OtherCertificate],
    explains=["certificate.expired", "certificate.expires-soon", "http.hsts-traps-visitors"],
)
def renewed_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for served_cert in served_certificates(
        evidence, lambda handshake: handshake.port == evidence.target.port
    ):
        if _is_other_site(evidence, served_cert):
            continue
        for answering_block in nginx.selected_servers():
            file = _served_file(nginx, answering_block.server, served_cert)
            candidate = _best_candidate(evidence, served_cert, file) if file else None
            if file and candidate:
                yield _claim(
                    nginx, served_cert, file, candidate, _pair(nginx, answering_block.server, file)
                )
                break
        else:
            yield from _server_claim(evidence, served_cert)


@frozen
class Replacement:
    """A good certificate on the server that can replace the one that is served, with the place of
    the line to change and the fix."""

    candidate: OtherCertificate
    place: str
    fix: Fix


def find_replacement(evidence: Evidence, served_cert: ServedCertificate) -> Replacement | None:
    """Return a replacement for a certificate that is self-signed or for another name, which renewal
    would not help.

    Only a block with the target's name is changed: in other blocks the certificate may be the right
    one.
    """
    nginx = Nginx.of(evidence)
    if not _is_other_site(evidence, served_cert):
        return None
    if server_replacement := _server_replacement(evidence, served_cert):
        return server_replacement
    for answering_block in nginx.selected_servers():
        file = _served_file(nginx, answering_block.server, served_cert)
        candidate = (
            _best_candidate(evidence, served_cert, file)
            if file and answering_block.name_match != "default"
            else None
        )
        pair = _pair(nginx, answering_block.server, file) if file else None
        fix = _fix(nginx, served_cert, candidate, pair) if candidate else None
        if candidate and pair and fix and fix.applicability is not Applicability.MANUAL:
            return Replacement(candidate, file_line(pair.certificate), fix)
    return None


def _server_replacement(evidence: Evidence, served_cert: ServedCertificate) -> Replacement | None:
    """Return the replacement at the line of another server than nginx; None if nginx answers, or
    if its line is not known."""
    view, file = server_on_port(evidence), file_of(evidence, served_cert.leaf)
    candidate = _best_candidate(evidence, served_cert, file) if view and file else None
    if view is None or file is None or candidate is None:
        return None
    # Imported late: few certificates have another one beside them.
    from checks.server._certificate_lines import certificate_line, replaced_pair

    line = certificate_line(view, {file.path, file.real})
    edit = replaced_pair(view, line, candidate) if line else None
    if line is None or edit is None:
        return None
    applicability = _applicability(served_cert, candidate)
    fix = Fix((edit, *server_reload_steps(view.server)), applicability)
    return Replacement(candidate, line.place, fix)


def _server_claim(evidence: Evidence, served_cert: ServedCertificate) -> Iterator[Claim]:
    """Yield the claim about another server than nginx that reads an older file."""
    view, file = server_on_port(evidence), file_of(evidence, served_cert.leaf)
    replacement = _server_replacement(evidence, served_cert)
    if view is None or file is None or replacement is None:
        return
    candidate, expired = replacement.candidate, served_cert.leaf.is_expired(evidence.started_at)
    yield Claim(
        about=served_cert.subject,
        covers=served_cert.subjects,
        because=(*served_cert.handshakes, file, candidate, view.server),
        facts={
            **_facts(evidence, served_cert, file, candidate),
            "server": view.server.title,
            "reload": shlex.join(view.server.reload),
            "place": replacement.place,
        },
        severity=None if expired else Severity.WARNING,
        confidence=_confidence(evidence, served_cert),
        fix=replacement.fix,
    )


def _facts(
    evidence: Evidence,
    served_cert: ServedCertificate,
    file: CertificateFile,
    candidate: OtherCertificate,
) -> dict[str, object]:
    return {
        "name": evidence.target.host,
        "port": served_cert.handshakes[0].port,
        "file": file.path,
        "other": candidate.path,
        "key": candidate.key,
        "tool": candidate.tool,
        "acme": candidate.tool == "acme.sh",
        "copied": candidate.tool == _DSM,
        "served_until": fact_or_empty(served_cert.leaf.not_after),
        "other_until": fact_or_empty(candidate.leaf.not_after),
        "expired": served_cert.leaf.is_expired(evidence.started_at),
    }


def _confidence(evidence: Evidence, served_cert: ServedCertificate) -> Confidence:
    """A script that copies the renewed files before the old ones end is not seen."""
    is_due = served_cert.leaf.is_due(evidence.started_at)
    return Confidence.CERTAIN if is_due else Confidence.LIKELY


def _is_other_site(evidence: Evidence, served_cert: ServedCertificate) -> bool:
    """Return whether the served certificate is not an earlier issue of the site's own."""
    covers_host = covers(
        evidence.target.host, served_cert.leaf.dns_names, served_cert.leaf.addresses
    )
    return served_cert.leaf.self_issued or not covers_host


def _served_file(
    nginx: Nginx, server: Server, served_cert: ServedCertificate
) -> CertificateFile | None:
    """Return the file that holds the served certificate. If there is one, nginx has loaded what is
    configured."""
    files = certificate_files(nginx, server)
    return next((file for file in files if file.sha256 == served_cert.leaf.sha256), None)


def _best_candidate(
    evidence: Evidence, served_cert: ServedCertificate, file: CertificateFile | None
) -> OtherCertificate | None:
    """Return the best certificate that is valid, has its key and, if the served one only needs
    renewal, expires later than that.

    The one that shares most names with the served certificate comes first, then the one that
    expires last.
    """
    current_time, host = evidence.started_at, evidence.target.host
    is_other_site = _is_other_site(evidence, served_cert)
    candidates = [
        candidate
        for candidate in evidence.good(OtherCertificate)
        if candidate.key
        and candidate.leaf.is_current(current_time)
        and (
            is_other_site
            or (candidate.leaf.outlasts(served_cert.leaf) and renews(candidate, file, current_time))
        )
        and covers(host, candidate.leaf.dns_names, candidate.leaf.addresses)
        and not candidate.leaf.self_issued
    ]
    site_names = set(served_cert.leaf.dns_names)
    return max(
        candidates,
        key=lambda candidate: (
            len(site_names.intersection(candidate.leaf.dns_names)),
            candidate.leaf.not_after or current_time,
            candidate.tool != "",
        ),
        default=None,
    )


def _pair(nginx: Nginx, server: Server, file: CertificateFile) -> DirectivePair | None:
    """Return the directives of the certificate and its key. nginx pairs the first certificate with
    the first key, and so on."""
    place = LocationMatch((server.http, server.block))
    cert_directives, key_directives = (
        place.directives("ssl_certificate"),
        place.directives("ssl_certificate_key"),
    )
    pairs = zip(cert_directives, key_directives, strict=False)
    return next(
        (
            DirectivePair(certificate, key)
            for certificate, key in pairs
            if certificate.args
            and key.args
            and nginx.resolve_path(certificate.args[0]) == file.path
        ),
        None,
    )


def _claim(
    nginx: Nginx,
    served_cert: ServedCertificate,
    file: CertificateFile,
    candidate: OtherCertificate,
    pair: DirectivePair | None,
) -> Claim:
    is_expired = served_cert.leaf.is_expired(nginx.evidence.started_at)
    return Claim(
        about=served_cert.subject,
        covers=served_cert.subjects,
        because=(*served_cert.handshakes, file, candidate),
        facts={
            **_facts(nginx.evidence, served_cert, file, candidate),
            "server": "nginx",
            "reload": "systemctl reload nginx",
            "place": file_line(pair.certificate) if pair else "",
        },
        severity=None if is_expired else Severity.WARNING,
        confidence=_confidence(nginx.evidence, served_cert),
        location=nginx.location(pair.certificate) if pair else None,
        fix=_fix(nginx, served_cert, candidate, pair),
    )


def _fix(
    nginx: Nginx,
    served_cert: ServedCertificate,
    candidate: OtherCertificate,
    pair: DirectivePair | None,
) -> Fix:
    if nginx.private_folder(candidate.path) or nginx.private_folder(candidate.key):
        step = Manual("copy-it-into-sight", Where.SERVER)
        return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
    if candidate.tool == _DSM and pair:
        return Fix((*_copies(nginx, candidate, pair), *reload_steps(nginx)), Applicability.REVIEW)
    edited = (
        _edits(nginx, candidate, pair) if pair and _fits_all_sites(nginx, candidate, pair) else ()
    )
    if not edited:
        step = Manual("name-the-new-one", Where.SERVER)
        return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
    return Fix((*edited, *reload_steps(nginx)), _applicability(served_cert, candidate))


def _copies(
    nginx: Nginx, candidate: OtherCertificate, pair: DirectivePair
) -> tuple[Command, Command]:
    """Return the commands that bring the copies up to date of which nginx reads: a panel writes the
    configuration anew."""
    return (
        server_commands.replace_copy(nginx.resolve_path(pair.certificate.args[0]), candidate.path),
        server_commands.replace_copy(nginx.resolve_path(pair.key.args[0]), candidate.key),
    )


def _applicability(served_cert: ServedCertificate, candidate: OtherCertificate) -> Applicability:
    is_safe = _is_trusted(served_cert, candidate) and not candidate.path.startswith(
        _UNTRUSTED_FOLDERS
    )
    return Applicability.AUTOMATIC if is_safe else Applicability.REVIEW


def _is_trusted(served_cert: ServedCertificate, candidate: OtherCertificate) -> bool:
    """Return whether visitors will trust it like the current one. A test authority or a private one
    would not do."""
    issuer = candidate.leaf.issuer
    is_same = issuer == served_cert.leaf.issuer
    return is_same or (bool(candidate.tool) and is_publicly_trusted(issuer))


def _edits(nginx: Nginx, candidate: OtherCertificate, pair: DirectivePair) -> tuple[Edit, ...]:
    changes: dict[str, list[edits.TextEdit]] = {}
    for directive, path in ((pair.certificate, candidate.path), (pair.key, candidate.key)):
        if nginx.resolve_path(directive.args[0]) != path:
            change = edits.replace_directive(directive, f"{directive.name} {path};")
            changes.setdefault(directive.file, []).append(change)
    return config_edits(nginx, changes)


def _fits_all_sites(nginx: Nginx, candidate: OtherCertificate, pair: DirectivePair) -> bool:
    """Return whether the new certificate covers all sites that read these lines. An included file
    or the http block may serve several."""
    positions = {(directive.file, directive.start) for directive in (pair.certificate, pair.key)}
    for server in nginx.servers:
        directives = server.directives("ssl_certificate")
        if any((directive.file, directive.start) in positions for directive in directives):
            names = [name for name in server.names if "." in name.strip(".") and name[0] != "~"]
            if not all(_covers_name(candidate, name) for name in names):
                return False
    return True


def _covers_name(candidate: OtherCertificate, name: str) -> bool:
    if name.startswith("*."):
        return name in candidate.leaf.dns_names
    return covers(name.strip("."), candidate.leaf.dns_names, candidate.leaf.addresses)
