"""The server sends an OCSP response (RFC 6960) along with the certificate, and its time is over.
GnuTLS refuses such a site (apt, wget, git: "The revocation or OCSP data are old and have been
superseded"); browsers ask the authority themselves, or ignore it.

nginx keeps the last response that it got until it gets another; with `ssl_stapling_file` it never
asks.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from checks.certificate import claim, manual_fix
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, Revocation, served_certificates
from diagnose.parsers.nginx.config import children

#: How far clocks may differ: that of this machine, and the authority's.
_TOLERANCE = timedelta(minutes=15)


@check(severity=Severity.WARNING, needs=[Handshake, Revocation])
def staple_outdated(evidence: Evidence) -> Iterator[Claim]:
    responses = [response for response in evidence.good(Revocation) if response.stapled]
    for served_cert in served_certificates(evidence):
        staples = [
            response
            for response in responses
            if response.serial == served_cert.leaf.serial and response.next_update is not None
        ]
        outdated = [response for response in staples if _is_outdated(evidence, response)]
        if not outdated:
            continue
        file, place = _staple_file(evidence)
        facts = {
            "until": outdated[0].next_update,
            # Several servers behind one name may each have their own.
            "some": len(outdated) < len(staples),
            "url": next(iter(served_cert.leaf.ocsp_urls), ""),
            "staple": file,
            "place": place,
        }
        base_claim = claim(evidence, served_cert, facts, manual_fix("file" if file else "fetch"))
        yield replace(base_claim, because=(*outdated, *base_claim.because))


def _is_outdated(evidence: Evidence, response: Revocation) -> bool:
    end = response.next_update
    return end is not None and end + _TOLERANCE < evidence.started_at


def _staple_file(evidence: Evidence) -> tuple[str, str]:
    """Return the file of nginx's ssl_stapling_file for the target, and the place of that line; ""
    and "" if there is none."""
    for selected in Nginx.of(evidence).selected_servers():
        for block in (selected.server.block, selected.server.http):
            if directives := children(block, "ssl_stapling_file"):
                return directives[-1].args[0], file_line(directives[-1])
    return "", ""
