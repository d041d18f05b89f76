"""The certificate was renewed, and the new one lies where nginx does not look: a second lineage of
certbot (-0001), the folder of acme.sh without --install-cert, a copy by hand that nobody repeats.
Renewal reports success every time, and the site runs towards its end all the same.

A later certificate for the name is not enough: its key must be there too, and nginx must not use
it already. It is used without asking where it comes from the same authority as the one in use, or
from a tool that renews those of public ones."""

from collections.abc import Iterator

from checks.certificate import known, private_authority
from checks.nginx import Nginx, where
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
from diagnose.model.tls import Handshake, Served, served
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.server_blocks import Place, Server

#: Whose files may be changed by others than root, or are, by the tool's own word, not to be named.
_HOMES = ("/home/", "/root/.acme.sh/")


@frozen
class Pair:
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
    for one in served(evidence, lambda seen: seen.port == evidence.target.port):
        if _is_another(evidence, one):
            continue
        for answering in nginx.answering():
            file = _file(nginx, answering.server, one)
            other = _other(evidence, one) if file else None
            if file and other:
                yield _claim(nginx, one, file, other, _pair(nginx, answering.server, file))
                break


@frozen
class Replacement:
    """A good certificate on the server that can stand in for the one that is served, the place
    of the line that names that, and what puts it in."""

    other: OtherCertificate
    place: str
    fix: Fix


def replacement(evidence: Evidence, one: Served) -> Replacement | None:
    """For a certificate that is not to be renewed but replaced: it is another name's, or nobody's.
    Only in a block that has the target's name: to others the certificate may belong."""
    nginx = Nginx.of(evidence)
    if not _is_another(evidence, one):
        return None
    for answering in nginx.answering():
        file = _file(nginx, answering.server, one)
        other = _other(evidence, one) if file and answering.how != "default" else None
        pair = _pair(nginx, answering.server, file) if file else None
        fix = _fix(nginx, one, other, pair) if other else None
        if other and pair and fix and fix.applicability is not Applicability.MANUAL:
            return Replacement(other, where(pair.certificate), fix)
    return None


def _is_another(evidence: Evidence, one: Served) -> bool:
    """Whether what is served is not the site's own certificate in an earlier issue."""
    covered = covers(evidence.target.host, one.leaf.dns_names, one.leaf.addresses)
    return one.leaf.self_issued or not covered


def _file(nginx: Nginx, server: Server, one: Served) -> CertificateFile | None:
    """The file that holds what is served: then nginx has loaded what it was told to."""
    files = nginx.certificates(server)
    return next((file for file in files if file.sha256 == one.leaf.sha256), None)


def _other(evidence: Evidence, one: Served) -> OtherCertificate | None:
    """The best of those that are good, and have their key, and, where one is to be renewed, are
    later: of the site's own kind of names first, then the latest."""
    now, host = evidence.started_at, evidence.target.host
    another = _is_another(evidence, one)
    found = [
        other
        for other in evidence.good(OtherCertificate)
        if other.key
        and other.leaf.is_current(now)
        and (another or other.leaf.outlasts(one.leaf))
        and covers(host, other.leaf.dns_names, other.leaf.addresses)
        and not other.leaf.self_issued
    ]
    wanted = set(one.leaf.dns_names)
    return max(
        found,
        key=lambda other: (
            len(wanted.intersection(other.leaf.dns_names)),
            other.leaf.not_after or now,
            other.tool != "",
        ),
        default=None,
    )


def _pair(nginx: Nginx, server: Server, file: CertificateFile) -> Pair | None:
    """nginx pairs the first certificate with the first key, and so on."""
    place = Place((server.http, server.block))
    every, keys = place.all("ssl_certificate"), place.all("ssl_certificate_key")
    pairs = zip(every, keys, strict=False)
    return next(
        (Pair(a, b) for a, b in pairs if a.args and b.args and nginx.path(a.args[0]) == file.path),
        None,
    )


def _claim(
    nginx: Nginx, one: Served, file: CertificateFile, other: OtherCertificate, pair: Pair | None
) -> Claim:
    over = one.leaf.is_expired(nginx.evidence.started_at)
    return Claim(
        about=one.about,
        covers=one.subjects,
        because=(*one.handshakes, file, other),
        facts={
            "name": nginx.evidence.target.host,
            "port": one.handshakes[0].port,
            "file": file.path,
            "other": other.path,
            "key": other.key,
            "tool": other.tool,
            "acme": other.tool == "acme.sh",
            "served_until": known(one.leaf.not_after),
            "other_until": known(other.leaf.not_after),
            "expired": over,
            "place": where(pair.certificate) if pair else "",
        },
        severity=None if over else Severity.WARNING,
        location=nginx.location(pair.certificate) if pair else None,
        fix=_fix(nginx, one, other, pair),
    )


def _fix(nginx: Nginx, one: Served, other: OtherCertificate, pair: Pair | None) -> Fix:
    if nginx.hides(other.path) or nginx.hides(other.key):
        step = Manual("copy-it-into-sight", Where.SERVER)
        return Fix((step, *nginx.taken()), Applicability.MANUAL)
    changed = _edits(nginx, other, pair) if pair and _fits(nginx, other, pair) else ()
    if not changed:
        step = Manual("name-the-new-one", Where.SERVER)
        return Fix((step, *nginx.taken()), Applicability.MANUAL)
    sure = _is_trusted(one, other) and not other.path.startswith(_HOMES)
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((*changed, *nginx.taken()), applicability)


def _is_trusted(one: Served, other: OtherCertificate) -> bool:
    """Whether visitors will take it as they took the one in use: an authority for tests, or one of
    somebody's own, would not do."""
    issuer = other.leaf.issuer.lower()
    if other.leaf.issuer == one.leaf.issuer:
        return True
    tested = any(word in issuer for word in ("staging", "fake le ", "pebble"))
    return bool(other.tool) and not tested and not private_authority(issuer)


def _edits(nginx: Nginx, other: OtherCertificate, pair: Pair) -> tuple[Edit, ...]:
    changes: dict[str, list[edits.Change]] = {}
    for directive, path in ((pair.certificate, other.path), (pair.key, other.key)):
        if nginx.path(directive.args[0]) != path:
            change = edits.instead(directive, f"{directive.name} {path};")
            changes.setdefault(directive.file, []).append(change)
    return nginx.edited(changes)


def _fits(nginx: Nginx, other: OtherCertificate, pair: Pair) -> bool:
    """Whether the new one is for all sites that read these lines, as a file that is included or
    the http block may serve several."""
    places = {(one.file, one.start) for one in (pair.certificate, pair.key)}
    for server in nginx.servers:
        given = Place((server.http, server.block)).all("ssl_certificate")
        if any((one.file, one.start) in places for one in given):
            names = [name for name in server.names if "." in name.strip(".") and name[0] != "~"]
            if not all(_covers(other, name) for name in names):
                return False
    return True


def _covers(other: OtherCertificate, name: str) -> bool:
    if name.startswith("*."):
        return name in other.leaf.dns_names
    return covers(name.strip("."), other.leaf.dns_names, other.leaf.addresses)
