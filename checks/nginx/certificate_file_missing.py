"""ssl_certificate or ssl_certificate_key names a file that does not exist: a typing error in the
path, a certificate that was not issued yet, a renewal under another name (certbot's -0001)."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._certificates import file_reference, pairing_edits, stored_pair_edits
from checks.nginx._commands import reload_steps
from checks.nginx._errors import (
    STALE_CONFIG_SYMPTOMS,
    ConfigFault,
    config_error_claim,
    find_config_error,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig, NginxTest

_MISSING = (
    r'(?:cannot load certificate(?: key)? "([^"]+)": BIO_new_file\(\)|BIO_new_file\("([^"]+)"\))'
    r" failed .*No such file"
)


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid", *STALE_CONFIG_SYMPTOMS],
)
def certificate_file_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, _MISSING)
    if config_error is None:
        return
    message, match = config_error
    path = match[1] or match[2]
    for name in ("ssl_certificate", "ssl_certificate_key"):
        if reference := file_reference(nginx, name, path):
            edits = pairing_edits(nginx, name, path)
            is_known, stored = bool(edits), None
            if not edits:
                edits, stored = stored_pair_edits(nginx, name, path)
            facts = {
                "known": is_known,
                "stored": stored.path if stored else "",
                "stored_key": stored.key if stored else "",
                "file": path,
                "directive": name,
                "key": name == "ssl_certificate_key",
                "certbot": path.startswith("/etc/letsencrypt/live/"),
            }
            if edits:
                applicability = stored.applicability if stored else Applicability.AUTOMATIC
                fix = Fix((*edits, *reload_steps(nginx)), applicability)
            else:
                step = Manual("the-right-path", Where.SERVER)
                fix = Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
            yield config_error_claim(
                nginx, ConfigFault(message, path, facts, directive=reference[1]), fix
            )
            return
