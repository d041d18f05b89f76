"""What the text of a certificate's file shows about the file itself."""

from diagnose.model import Evidence
from diagnose.model.nginx import CertificateFile
from diagnose.parsers.certificate_refusals import RefusalReason
from diagnose.parsers.pem import MAX_CERTIFICATES


def certificate_file(evidence: Evidence, path: str) -> CertificateFile | None:
    return next((file for file in evidence.good(CertificateFile) if file.path == path), None)


def file_fault(file: CertificateFile) -> RefusalReason | None:
    """Return why no library can load the file as a certificate; None if nothing speaks against it.
    "damaged": it has fewer certificates that can be read than blocks that begin."""
    begun = [label for label in file.labels if label == "CERTIFICATE"]
    if not file.labels:
        return "nothing"
    if not file.chain and all("PRIVATE KEY" in label for label in file.labels):
        return "swapped"
    return "damaged" if len(file.chain) < min(len(begun), MAX_CERTIFICATES) else None
