"""The key in ssl_certificate_key is not the one the certificate was issued for, and no other
certificate in the file either (X509_check_private_key(3))."""

from collections.abc import Iterator

from checks.nginx import KEEPS_THE_OLD, MISMATCH, Nginx, held_further_down
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig, NginxTest
from diagnose.parsers.nginx import server_blocks


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid", *KEEPS_THE_OLD],
)
def key_mismatch(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(MISMATCH)
    if refused is None or held_further_down(nginx):
        return
    said, found = refused
    named = nginx.naming("ssl_certificate_key", found[1])
    files = server_blocks.files(named[0], "ssl_certificate") if named else ()
    known = paired_elsewhere(nginx, found[1])
    facts = {
        "known": bool(known),
        "key": found[1],
        "certificates": tuple(map(nginx.path, files)),
    }
    looked = (*nginx.certificates(named[0]), *nginx.keys(named[0])) if named else ()
    yield nginx.complaint(
        said,
        found[1],
        facts,
        Fix(
            (*(known or (Manual("the-right-key", Where.SERVER),)), *nginx.taken()),
            Applicability.AUTOMATIC if known else Applicability.MANUAL,
        ),
        named[1] if named else None,
        looked,
    )


def paired_elsewhere(nginx: Nginx, key: str) -> tuple[Edit, ...]:
    """The key that other blocks pair with the certificate; where they pair this key with another
    certificate, either of the two may be the wrong one."""
    if len(nginx.partners("ssl_certificate", "ssl_certificate_key", key)) != 1:
        return ()
    return nginx.pairing("ssl_certificate_key", key)
