"""A copy of a certificate whose original a tool has renewed, before the copy itself is due."""

import re
from datetime import datetime, timedelta

from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate

#: How long a script that copies renewed files, once a day, may take.
_COPIED_WITHIN = timedelta(days=2)

#: Folders in which renewal tools write by themselves: what lies there is renewed there.
_STORES = re.compile(
    r"^/etc/letsencrypt/|/\.acme\.sh/|^/www/server/panel/|lego/certificates/|^/usr/syno/"
    r"|/caddy/certificates/|/dehydrated/"
)
_ORGANIZATION = re.compile(r"(?:^|,)O=([^,]+)")


def renews(candidate: OtherCertificate, file: CertificateFile | None, now: datetime) -> bool:
    """Return whether a certificate that is valid for longer is the renewal of the one in a file.

    Near the end of that one, any is; but what no tool keeps is not the renewal of what a tool
    keeps, while that one is still valid: its own renewal fails. Before it, a tool keeps the new
    one, the same authority issued it days ago for all the same names, and the old one lies where no
    tool renews it: a second certificate of the site may lie about for a program of its own, and a
    script may copy the renewed one later.
    """
    if file is None or not file.chain:
        return True
    is_kept = _STORES.search(file.real or file.path) is not None
    if file.chain[0].is_due(now):
        return bool(candidate.tool) or not is_kept or file.chain[0].is_expired(now)
    used, renewed = file.chain[0], candidate.leaf
    if not candidate.tool or is_kept:
        return False
    if renewed.not_before is None or now - renewed.not_before < _COPIED_WITHIN:
        return False
    has_all_names = set(used.dns_names) <= set(renewed.dns_names)
    return has_all_names and _has_same_authority(used, renewed)


def _has_same_authority(first: Certificate, second: Certificate) -> bool:
    """Return whether one organization issued both: its intermediates change from time to time."""
    if first.issuer == second.issuer:
        return True
    organizations = [_ORGANIZATION.search(each.issuer) for each in (first, second)]
    names = {match[1] for match in organizations if match}
    return all(organizations) and len(names) == 1
