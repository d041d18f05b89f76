"""The certificate leads to a root that Chrome does not trust any more for certificates issued since
a date (Chrome Root Program: "Sustaining Digital Certificate Security", June 2024 for Entrust, May
2025 for Chunghwa Telecom and Netlock). The root may still be in this machine's store, so that curl
and other browsers open the site.

Chrome goes by the certificate's earliest SCT, which is not read here: the beginning of its validity
stands for it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from checks.certificate import COMMON_EFFECTS, claim, request_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, certificate_path, served_certificates

_ENTRUST = datetime(2024, 11, 12, tzinfo=UTC)
_CHROME_139 = datetime(2025, 8, 1, tzinfo=UTC)
#: A part of the root's name, and since when what it issues is not trusted. Intermediates are not
#: meant: those of Entrust's own name lead to SSL.com's root since.
_ROOTS = (
    ("cn=entrust root certification authority", _ENTRUST),
    ("cn=entrust.net certification authority (2048)", _ENTRUST),
    ("cn=affirmtrust ", _ENTRUST),
    ("ou=epki root certification authority", _CHROME_139),
    ("cn=hipki root ca", _CHROME_139),
    ("cn=netlock arany (class gold)", _CHROME_139),
)


@check(severity=Severity.WARNING, needs=[Handshake], explains=COMMON_EFFECTS)
def distrusted_root(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(evidence, lambda handshake: handshake.verify_code == 0):
        root = certificate_path(served_cert.chain)[-1].issuer
        since = _distrusted_since(served_cert.leaf, root)
        if since is not None:
            facts = {"root": root, "since": f"{since:%Y-%m-%d}"}
            fix = request_fix(evidence, "replace")
            yield claim(evidence, served_cert, facts, fix, Confidence.LIKELY)


def _distrusted_since(leaf: Certificate, root: str) -> datetime | None:
    """Return since when a root's certificates are not trusted, if this is one of them."""
    name = root.replace("\\", "").lower()
    since = next((since for part, since in _ROOTS if part in name), None)
    is_later = since is not None and leaf.not_before is not None and leaf.not_before >= since
    return since if is_later else None
