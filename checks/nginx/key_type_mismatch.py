"""OpenSSL keeps a certificate and a key for each algorithm (SSL_CTX_use_certificate(3)). An RSA
certificate and an EC key go to different places, neither of them complete: `nginx -t` sees no
contradiction, and no handshake finds a pair it could use."""

from collections.abc import Iterator

from checks.nginx import Nginx, held_behind, where, works
from checks.nginx.key_mismatch import paired_elsewhere
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import CertificateFile, KeyFile, NginxConfig
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.server_blocks import Place, Server


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, CertificateFile, KeyFile],
    explains=[
        "tls.no-shared-cipher",
        "tls.no-shared-protocol",
        "tls.handshake-failed",
        "tls.closed",
        "tls.reset",
        "certificate.renewed-not-loaded",
        "nginx.reload-needed",
    ],
)
def key_type_mismatch(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if nginx.test is not None and not nginx.test.passed:
        return
    met: set[int] = set()
    for one in nginx.answering():
        if id(one.server.block) not in met:
            met.add(id(one.server.block))
            yield from _claims(nginx, one.server)


def _claims(nginx: Nginx, server: Server) -> Iterator[Claim]:
    """Every certificate must have its key somewhere in the block, in whatever order."""
    keys = [one for one in nginx.keys(server) if one.key_type]
    kinds = {one.key_type for one in keys}
    certificates = [one for one in nginx.certificates(server) if one.chain]
    named = len(Place((server.http, server.block)).all("ssl_certificate_key"))
    for certificate in certificates:
        leaf = certificate.chain[0]
        if held_behind(certificate, keys):
            continue  # nginx.chain-order
        if len(keys) == named and keys and leaf.key_type and leaf.key_type not in kinds:
            yield _claim(nginx, certificate, keys)


def _claim(nginx: Nginx, certificate: CertificateFile, keys: list[KeyFile]) -> Claim:
    port = nginx.evidence.target.port
    handshakes = [one for one in nginx.evidence.of(Handshake) if one.port == port]
    served = works(nginx)
    found = nginx.naming("ssl_certificate_key", keys[0].path)
    shown = found[1] if found else None
    known = paired_elsewhere(nginx, keys[0].path) if len(keys) == 1 else ()
    return Claim(
        about=Subject(port=port, text=keys[0].path),
        because=(
            certificate,
            *keys,
            *([nginx.config] if nginx.config else []),
            *(one for one in handshakes if one.failure and one.as_a_visitor),
        ),
        facts={
            "known": bool(known),
            "certificate": certificate.path,
            "certificate_kind": certificate.chain[0].key_type,
            "key": keys[0].path,
            "key_kind": keys[0].key_type,
            "place": where(shown) if shown else "",
            "port": port,
            "works": served,
        },
        # nginx has not read these files yet: it will at its next reload.
        severity=Severity.WARNING if served else None,
        location=nginx.location(shown) if shown else None,
        fix=Fix(
            (*(known or (Manual("the-right-key", Where.SERVER),)), *nginx.taken()),
            Applicability.AUTOMATIC if known else Applicability.MANUAL,
        ),
    )
