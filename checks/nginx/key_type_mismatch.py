"""The certificate and the key use different algorithms. OpenSSL keeps one certificate and one key
for each algorithm (SSL_CTX_use_certificate(3)). An RSA certificate and an EC key go to different
slots, and neither is complete: `nginx -t` sees no contradiction, and no handshake finds a usable
pair."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._certificates import (
    certificate_files,
    file_reference,
    handshake_succeeded,
    key_files,
    own_certificate_index,
)
from checks.nginx._commands import reload_steps
from checks.nginx.key_mismatch import paired_key_edits
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
from diagnose.parsers.nginx.server_blocks import Server


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
    block_ids: set[int] = set()
    for selected_server in nginx.selected_servers():
        if id(selected_server.server.block) not in block_ids:
            block_ids.add(id(selected_server.server.block))
            yield from _claims(nginx, selected_server.server)


def _claims(nginx: Nginx, server: Server) -> Iterator[Claim]:
    """Make claims about certificates whose key is nowhere in the block. The order does not
    matter."""
    keys = [key_file for key_file in key_files(nginx, server) if key_file.key_type]
    key_types = {key_file.key_type for key_file in keys}
    certificates = [file for file in certificate_files(nginx, server) if file.chain]
    key_count = len(server.directives("ssl_certificate_key"))
    for certificate in certificates:
        leaf = certificate.chain[0]
        if own_certificate_index(certificate, keys):
            continue  # reported by nginx.chain-order
        if len(keys) == key_count and keys and leaf.key_type and leaf.key_type not in key_types:
            yield _claim(nginx, certificate, keys)


def _claim(nginx: Nginx, certificate: CertificateFile, keys: list[KeyFile]) -> Claim:
    port = nginx.evidence.target.port
    handshakes = [handshake for handshake in nginx.evidence.of(Handshake) if handshake.port == port]
    site_works = handshake_succeeded(nginx)
    reference = file_reference(nginx, "ssl_certificate_key", keys[0].path)
    directive = reference[1] if reference else None
    edits = paired_key_edits(nginx, keys[0].path) if len(keys) == 1 else ()
    return Claim(
        about=Subject(port=port, text=keys[0].path),
        because=(
            certificate,
            *keys,
            *nginx.configs,
            *(
                handshake
                for handshake in handshakes
                if handshake.failure and handshake.is_browser_like
            ),
        ),
        facts={
            "known": bool(edits),
            "certificate": certificate.path,
            "certificate_kind": certificate.chain[0].key_type,
            "key": keys[0].path,
            "key_kind": keys[0].key_type,
            "place": file_line(directive) if directive else "",
            "port": port,
            "works": site_works,
        },
        # nginx has not read these files yet, but will at its next reload.
        severity=Severity.WARNING if site_works else None,
        location=nginx.location(directive) if directive else None,
        fix=Fix(
            (*(edits or (Manual("the-right-key", Where.SERVER),)), *reload_steps(nginx)),
            Applicability.AUTOMATIC if edits else Applicability.MANUAL,
        ),
    )
