"""The certificate was renewed, and the new one lies where nginx does not look: a second lineage of
certbot (-0001), the folder of acme.sh without --install-cert, a copy by hand that nobody repeats.
Renewal reports success every time, and the site runs towards its end all the same.

A later certificate for the name is not enough: its key must be there too, and nginx must not use
it already. It is used without asking where it comes from the same authority as the one in use, or
from a tool that renews those of public ones."""

from collections.abc import Iterator

from checks.certificate import fact_or_empty, private_authority_kind
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.files import OtherCertificate
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile, Directive, NginxConfig
from diagnose.model.tls import Handshake, ServedCertificate, served_certificates
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.server_blocks import LocationMatch, Server

#: Whose files may be changed by others than root, or are, by the tool's own word, not to be named.
_UNTRUSTED_FOLDERS = ("/home/", "/root/.acme.sh/")


@frozen
class DirectivePair:
    """The directives that name the certificate and the key in use."""

    certificate: Directive
    key: Directive


@check(
    severity=Severity.ERROR,
    needs=[Handshake, NginxConfig, CertificateFile, OtherCertificate],
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
            candidate = _best_candidate(evidence, served_cert) if file else None
            if file and candidate:
                yield _claim(
                    nginx, served_cert, file, candidate, _pair(nginx, answering_block.server, file)
                )
                break


@frozen
class Replacement:
    """A good certificate on the server that can stand in for the one that is served, the place
    of the line that names that, and what puts it in."""

    candidate: OtherCertificate
    place: str
    fix: Fix


def find_replacement(evidence: Evidence, served_cert: ServedCertificate) -> Replacement | None:
    """For a certificate that is not to be renewed but replaced: it is another name's, or nobody's.
    Only in a block that has the target's name: to others the certificate may belong."""
    nginx = Nginx.of(evidence)
    if not _is_other_site(evidence, served_cert):
        return None
    for answering_block in nginx.selected_servers():
        file = _served_file(nginx, answering_block.server, served_cert)
        candidate = (
            _best_candidate(evidence, served_cert)
            if file and answering_block.name_match != "default"
            else None
        )
        pair = _pair(nginx, answering_block.server, file) if file else None
        fix = _fix(nginx, served_cert, candidate, pair) if candidate else None
        if candidate and pair and fix and fix.applicability is not Applicability.MANUAL:
            return Replacement(candidate, file_line(pair.certificate), fix)
    return None


def _is_other_site(evidence: Evidence, served_cert: ServedCertificate) -> bool:
    """Whether what is served is not the site's own certificate in an earlier issue."""
    covers_host = covers(
        evidence.target.host, served_cert.leaf.dns_names, served_cert.leaf.addresses
    )
    return served_cert.leaf.self_issued or not covers_host


def _served_file(
    nginx: Nginx, server: Server, served_cert: ServedCertificate
) -> CertificateFile | None:
    """The file that holds what is served: then nginx has loaded what it was told to."""
    files = nginx.certificates(server)
    return next((file for file in files if file.sha256 == served_cert.leaf.sha256), None)


def _best_candidate(evidence: Evidence, served_cert: ServedCertificate) -> OtherCertificate | None:
    """The best of those that are good, and have their key, and, where one is to be renewed, are
    later: of the site's own kind of names first, then the latest."""
    current_time, host = evidence.started_at, evidence.target.host
    is_other_site = _is_other_site(evidence, served_cert)
    candidates = [
        candidate
        for candidate in evidence.good(OtherCertificate)
        if candidate.key
        and candidate.leaf.is_current(current_time)
        and (is_other_site or candidate.leaf.outlasts(served_cert.leaf))
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
    """nginx pairs the first certificate with the first key, and so on."""
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
            "name": nginx.evidence.target.host,
            "port": served_cert.handshakes[0].port,
            "file": file.path,
            "other": candidate.path,
            "key": candidate.key,
            "tool": candidate.tool,
            "acme": candidate.tool == "acme.sh",
            "served_until": fact_or_empty(served_cert.leaf.not_after),
            "other_until": fact_or_empty(candidate.leaf.not_after),
            "expired": is_expired,
            "place": file_line(pair.certificate) if pair else "",
        },
        severity=None if is_expired else Severity.WARNING,
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
        return Fix((step, *nginx.reload_steps()), Applicability.MANUAL)
    config_edits = (
        _edits(nginx, candidate, pair) if pair and _fits_all_sites(nginx, candidate, pair) else ()
    )
    if not config_edits:
        step = Manual("name-the-new-one", Where.SERVER)
        return Fix((step, *nginx.reload_steps()), Applicability.MANUAL)
    is_safe = _is_trusted(served_cert, candidate) and not candidate.path.startswith(
        _UNTRUSTED_FOLDERS
    )
    applicability = Applicability.AUTOMATIC if is_safe else Applicability.REVIEW
    return Fix((*config_edits, *nginx.reload_steps()), applicability)


def _is_trusted(served_cert: ServedCertificate, candidate: OtherCertificate) -> bool:
    """Whether visitors will take it as they took the one in use: an authority for tests, or one of
    somebody's own, would not do."""
    issuer = candidate.leaf.issuer.lower()
    if candidate.leaf.issuer == served_cert.leaf.issuer:
        return True
    is_test_authority = any(marker in issuer for marker in ("staging", "fake le ", "pebble"))
    return bool(candidate.tool) and not is_test_authority and not private_authority_kind(issuer)


def _edits(nginx: Nginx, candidate: OtherCertificate, pair: DirectivePair) -> tuple[Edit, ...]:
    changes: dict[str, list[edits.TextEdit]] = {}
    for directive, path in ((pair.certificate, candidate.path), (pair.key, candidate.key)):
        if nginx.resolve_path(directive.args[0]) != path:
            change = edits.replace_directive(directive, f"{directive.name} {path};")
            changes.setdefault(directive.file, []).append(change)
    return nginx.file_edits(changes)


def _fits_all_sites(nginx: Nginx, candidate: OtherCertificate, pair: DirectivePair) -> bool:
    """Whether the new one is for all sites that read these lines, as a file that is included or
    the http block may serve several."""
    positions = {(directive.file, directive.start) for directive in (pair.certificate, pair.key)}
    for server in nginx.servers:
        directives = LocationMatch((server.http, server.block)).directives("ssl_certificate")
        if any((directive.file, directive.start) in positions for directive in directives):
            names = [name for name in server.names if "." in name.strip(".") and name[0] != "~"]
            if not all(_covers_name(candidate, name) for name in names):
                return False
    return True


def _covers_name(candidate: OtherCertificate, name: str) -> bool:
    if name.startswith("*."):
        return name in candidate.leaf.dns_names
    return covers(name.strip("."), candidate.leaf.dns_names, candidate.leaf.addresses)
