"""The fix that replaces an unusable certificate by a good one that lies on the server."""

from diagnose.model import Evidence, Fix
from diagnose.model.tls import ServedCertificate


def replacement_fix(
    evidence: Evidence, served_cert: ServedCertificate
) -> tuple[Fix | None, dict[str, str]]:
    """Return the fix that replaces an unusable certificate by a good one from the server, and the
    facts where both are.

    None and empty facts if there is no such certificate.
    """
    # All that edits nginx's configuration. A good certificate needs none of it.
    from checks.certificate.renewed_elsewhere import find_replacement

    replacement = find_replacement(evidence, served_cert)
    if replacement is None:
        return None, {"other": "", "place": ""}
    return replacement.fix, {"other": replacement.candidate.path, "place": replacement.place}
