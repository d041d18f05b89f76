"""The leaf is served without the certificate of its issuer, and the issuer is not a trusted root:
cert.pem is served instead of fullchain.pem. Desktop browsers often download or remember the missing
certificate; curl, Android and other programs do not.

From outside, an unknown issuer could also be a private root. A certificate that names the URL of
its issuer's certificate (RFC 5280 section 4.2.2.1), as all public ones do, rules that out. One
without it is `certificate.untrusted-root`.

The tools that request certificates write the whole chain beside the leaf, in a file with a known
name. It starts with the same certificate, so other programs that read the line are not harmed.
"""

from collections.abc import Iterator

from checks.certificate import (
    COMMON_EFFECTS,
    chain_fault,
    claim,
    file_of,
    replaced_by_hand,
    served_lineage,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.tls import Handshake, ServedCertificate, served_certificates


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def chain_incomplete(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(
        evidence, lambda handshake: chain_fault(evidence, handshake) == "chain-incomplete"
    ):
        urls = served_cert.leaf.issuer_urls
        fix = _fix(evidence, served_cert)
        lineage = served_lineage(evidence, served_cert.leaf)
        yield claim(
            evidence,
            served_cert,
            {
                "url": urls[0] if urls else "",
                "sent": len(served_cert.chain),
                "whole": lineage.fullchain if fix and lineage else "",
                "beside": _folder(evidence, served_cert),
            },
            fix or replaced_by_hand(evidence, served_cert.leaf, "serve-the-chain"),
            confidence=Confidence.CERTAIN if urls or fix else Confidence.LIKELY,
            ruled_out=("certificate.self-signed", "certificate.wrong-intermediate"),
        )


def _folder(evidence: Evidence, served_cert: ServedCertificate) -> str:
    """Return the folder of the leaf's file, "" if it is not known. The missing part often lies
    there."""
    file = file_of(evidence, served_cert.leaf)
    return file.path.rpartition("/")[0] if file else ""


def _fix(evidence: Evidence, served_cert: ServedCertificate) -> Fix | None:
    """Replace the leaf's file by the file with the whole chain."""
    from checks.nginx import Nginx
    from checks.nginx._commands import reload_steps
    from checks.nginx._edits import config_edits
    from diagnose.parsers.nginx import edits
    from diagnose.parsers.nginx.locations import LocationMatch

    file, lineage = file_of(evidence, served_cert.leaf), served_lineage(evidence, served_cert.leaf)
    if file is None or lineage is None or len(file.chain) != 1 or lineage.fullchain == file.path:
        return None
    nginx = Nginx.of(evidence)
    directives = {
        (directive.file, directive.start): directive
        for answering_block in nginx.selected_servers()
        for directive in LocationMatch(
            (answering_block.server.http, answering_block.server.block)
        ).directives("ssl_certificate")
        if directive.args and nginx.resolve_path(directive.args[0]) == file.path
    }
    changes: dict[str, list[edits.TextEdit]] = {}
    for directive in directives.values():
        changes.setdefault(directive.file, []).append(
            edits.replace_directive(directive, f"ssl_certificate {lineage.fullchain};")
        )
    edited = config_edits(nginx, changes)
    return Fix((*edited, *reload_steps(nginx))) if edited else None
