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
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.processes import ProgramCertificate
from diagnose.model.tls import Handshake, ServedCertificate, served_certificates


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def chain_incomplete(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(
        evidence, lambda handshake: chain_fault(evidence, handshake) == "chain-incomplete"
    ):
        # Imported late: few certificates come without their issuer's.
        from checks.certificate._fetched_issuer import issuer_url
        from checks.certificate._sent_issuers import is_fetched
        from checks.certificate._stored import issuers_file

        urls = served_cert.leaf.issuer_urls
        program = _of_program(evidence, served_cert)
        fix = program[0] if program else _fix(evidence, served_cert)
        whole = program[1] if program else _whole(evidence, served_cert)
        yield claim(
            evidence,
            served_cert,
            {
                "url": issuer_url(served_cert.leaf) or (urls[0] if urls else ""),
                "sent": len(served_cert.chain),
                "whole": whole,
                "issuers": issuers_file(evidence, served_cert.leaf),
                "beside": _folder(evidence, served_cert),
                "fetched": is_fetched(fix),
            },
            fix or replaced_by_hand(evidence, served_cert.leaf, "serve-the-chain"),
            confidence=Confidence.CERTAIN if urls or fix else Confidence.LIKELY,
            ruled_out=("certificate.self-signed", "certificate.wrong-intermediate"),
        )


def _of_program(evidence: Evidence, served_cert: ServedCertificate) -> tuple[Fix, str] | None:
    """Return the fix of a program that is no web server, and the file with the whole chain."""
    if not evidence.good(ProgramCertificate):
        return None
    # Imported late: few programs end TLS themselves.
    from checks.certificate._program_files import chain_fix

    return chain_fix(evidence, served_cert.leaf)


def _of_other_server(evidence: Evidence, served_cert: ServedCertificate) -> Fix | None:
    """Return the fix of Apache or HAProxy. Where Apache has a file of issuers, what that lacks is
    for a person to see: it may hold the site's own certificate once more."""
    from checks.certificate._sent_issuers import chain_file, sent_issuers

    return None if chain_file(evidence) else sent_issuers(evidence, served_cert.leaf)


def _folder(evidence: Evidence, served_cert: ServedCertificate) -> str:
    """Return the folder of the leaf's file, "" if it is not known. The missing part often lies
    there."""
    file = file_of(evidence, served_cert.leaf)
    return file.path.rpartition("/")[0] if file else ""


def _whole(evidence: Evidence, served_cert: ServedCertificate) -> str:
    """Return the file with the whole chain that is beside the leaf's; "" if there is none."""
    from checks.certificate._stored import whole_chain

    file, lineage = file_of(evidence, served_cert.leaf), served_lineage(evidence, served_cert.leaf)
    if file is None or len(file.chain) != 1:
        return ""
    if lineage is not None:
        return "" if lineage.fullchain == file.path else lineage.fullchain
    return whole_chain(evidence, served_cert.leaf)


def _fix(evidence: Evidence, served_cert: ServedCertificate) -> Fix | None:
    """Name the file with the whole chain in place of the leaf's, or append the issuer's certificate
    to that, from a file of the server or from the address that the leaf names; None if there is no
    such."""
    from checks.certificate._fetched_issuer import appended_issuer
    from checks.certificate._stored import completed_file
    from checks.nginx import Nginx
    from checks.nginx._commands import reload_steps
    from checks.nginx._edits import config_edits
    from checks.server import server_on_port
    from diagnose.parsers.nginx import edits
    from diagnose.parsers.nginx.locations import LocationMatch

    file = file_of(evidence, served_cert.leaf)
    if file is None:
        return None
    if server_on_port(evidence) is not None:
        return None if _whole(evidence, served_cert) else _of_other_server(evidence, served_cert)
    nginx, whole = Nginx.of(evidence), _whole(evidence, served_cert)
    directives = {
        (directive.file, directive.start): directive
        for answering_block in nginx.selected_servers()
        for directive in LocationMatch(
            (answering_block.server.http, answering_block.server.block)
        ).directives("ssl_certificate")
        if directive.args and nginx.resolve_path(directive.args[0]) == file.path
    }
    if not directives:
        return None
    if not whole:
        edit = completed_file(evidence, file)
        if edit is not None:
            return Fix((edit, *reload_steps(nginx)))
        fetching = appended_issuer(file)
        return Fix((*fetching, *reload_steps(nginx)), Applicability.REVIEW) if fetching else None
    changes: dict[str, list[edits.TextEdit]] = {}
    for directive in directives.values():
        changes.setdefault(directive.file, []).append(
            edits.replace_directive(directive, f"ssl_certificate {whole};")
        )
    edited = config_edits(nginx, changes)
    return Fix((*edited, *reload_steps(nginx))) if edited else None
