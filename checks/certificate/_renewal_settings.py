"""What the settings of a renewal tool say about the target's certificate."""

from checks.certificate import lineage_of
from diagnose.model import Evidence
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import RenewalAuthority


def renewal_settings(evidence: Evidence, host: str) -> RenewalAuthority | None:
    """Return the settings for the name's certificate: by the name of the certificate there, or by
    its file that a server reads."""
    settings = evidence.good(RenewalAuthority)
    if not settings:
        return None
    paths = [path for file in evidence.good(CertificateFile) for path in (file.path, file.real)]
    lineages = {
        lineage.name for path in paths if path and (lineage := lineage_of(path)) is not None
    }
    names = (host, *(lineages if len(lineages) == 1 else ()))
    return next((setting for name in names for setting in settings if setting.name == name), None)
