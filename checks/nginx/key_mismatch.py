"""The key in ssl_certificate_key belongs neither to the certificate nor to any other certificate in
the file (X509_check_private_key(3))."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._certificates import (
    KEY_MISMATCH,
    certificate_files,
    file_reference,
    key_files,
    misplaced_certificate,
    paired_files,
    pairing_edits,
    stored_pair_edits,
)
from checks.nginx._commands import reload_steps
from checks.nginx._errors import (
    STALE_CONFIG_SYMPTOMS,
    ConfigFault,
    config_error_claim,
    find_config_error,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig, NginxTest
from diagnose.parsers.nginx import server_blocks


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid", *STALE_CONFIG_SYMPTOMS],
)
def key_mismatch(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, KEY_MISMATCH)
    if config_error is None or misplaced_certificate(nginx):
        return
    message, match = config_error
    reference = file_reference(nginx, "ssl_certificate_key", match[1])
    files = server_blocks.file_paths(reference[0], "ssl_certificate") if reference else ()
    edits = paired_key_edits(nginx, match[1])
    is_known, stored = bool(edits), None
    if not edits:
        edits, stored = stored_pair_edits(nginx, "ssl_certificate_key", match[1])
    facts = {
        "known": is_known,
        "stored": stored.path if stored else "",
        "stored_key": stored.key if stored else "",
        "key": match[1],
        "certificates": tuple(map(nginx.resolve_path, files)),
    }
    observations = (
        (*certificate_files(nginx, reference[0]), *key_files(nginx, reference[0]))
        if reference
        else ()
    )
    yield config_error_claim(
        nginx,
        ConfigFault(
            message,
            match[1],
            facts,
            directive=reference[1] if reference else None,
            observations=observations,
        ),
        Fix(
            (*(edits or (Manual("the-right-key", Where.SERVER),)), *reload_steps(nginx)),
            stored.applicability
            if stored
            else Applicability.AUTOMATIC
            if edits
            else Applicability.MANUAL,
        ),
    )


def paired_key_edits(nginx: Nginx, key: str) -> tuple[Edit, ...]:
    """Return the edits that use the key which other blocks pair with the certificate.

    Empty if other blocks pair this key with another certificate, because either of the two may be
    wrong.
    """
    if len(paired_files(nginx, "ssl_certificate", "ssl_certificate_key", key)) != 1:
        return ()
    return pairing_edits(nginx, "ssl_certificate_key", key)
