"""The leaf comes without the certificate of its issuer, and the issuer is no trusted root: cert.pem
served instead of fullchain.pem. Desktop browsers often fetch or remember what is missing; curl,
Android, and other programs do not.

From outside an unknown issuer could also be a private root. A certificate that says where its
issuer's is to be had (RFC 5280 section 4.2.2.1), as all public ones do, speaks against that; one
that says nothing of it is `certificate.untrusted-root`.

The tools that get certificates write the whole chain beside the leaf, in a file whose name is
known: the same certificate, so that whoever else reads the line only gains by it.
"""

import shlex
from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, by_hand, chain_fault, claim, file_of, lineage
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.tls import Handshake, Served, served


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def chain_incomplete(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence, lambda seen: chain_fault(evidence, seen) == "chain-incomplete"):
        urls = one.leaf.issuer_urls
        fix = _fix(evidence, one)
        tool = lineage(evidence, one.leaf)
        yield claim(
            evidence,
            one,
            {
                "url": shlex.quote(urls[0]) if urls else "",
                "sent": len(one.chain),
                "whole": tool.whole if fix and tool else "",
            },
            fix or by_hand("serve-the-chain"),
            confidence=Confidence.CERTAIN if urls or fix else Confidence.LIKELY,
            ruled_out=("certificate.self-signed", "certificate.wrong-intermediate"),
        )


def _fix(evidence: Evidence, one: Served) -> Fix | None:
    """The whole chain's file named in place of the leaf's."""
    from checks.nginx import Nginx
    from diagnose.parsers.nginx import edits
    from diagnose.parsers.nginx.server_blocks import Place

    file, tool = file_of(evidence, one.leaf), lineage(evidence, one.leaf)
    if file is None or tool is None or len(file.chain) != 1 or tool.whole == file.path:
        return None
    nginx = Nginx.of(evidence)
    lines = {
        (line.file, line.start): line
        for answering in nginx.answering()
        for line in Place((answering.server.http, answering.server.block)).all("ssl_certificate")
        if line.args and nginx.path(line.args[0]) == file.path
    }
    changes: dict[str, list[edits.Change]] = {}
    for line in lines.values():
        changes.setdefault(line.file, []).append(
            edits.instead(line, f"ssl_certificate {tool.whole};")
        )
    edited = nginx.edited(changes)
    return Fix((*edited, *nginx.taken())) if edited else None
