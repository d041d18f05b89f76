"""The private key is encrypted (RFC 7468 section 11, RFC 1421), and nginx has no right passphrase
for it. On a terminal nginx asks for it; a service that starts by itself cannot answer."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._certificates import file_reference, key_files
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
from diagnose.parsers.nginx.locations import LocationMatch

_LOCKED = (
    r'(?:cannot load certificate key "([^"]+)": \w+\(\)|SSL_CTX_use_PrivateKey_file\("([^"]+)"\))'
    r" failed \(SSL: .*(?:bad password read|bad decrypt|password error|unable to get passphrase"
    r"|interrupted or cancelled|problems getting password|bad pass ?phrase)"
)


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid", *STALE_CONFIG_SYMPTOMS],
)
def key_encrypted(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, _LOCKED)
    if config_error is None:
        return
    message, match = config_error
    path = match[1] or match[2]
    reference = file_reference(nginx, "ssl_certificate_key", path)
    location_match = LocationMatch((reference[0].http, reference[0].block)) if reference else None
    password_file = location_match.directive("ssl_password_file") if location_match else None
    password_path = (
        nginx.resolve_path(password_file.args[0]) if password_file and password_file.args else ""
    )
    # nginx asks for a passphrase unless a file with it is configured.
    fix = Fix((Manual("decrypt", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
    reason = message.text.rstrip(")").rpartition("::")[2]
    facts = {"file": path, "passwords": password_path, "reason": reason}
    yield config_error_claim(
        nginx,
        ConfigFault(
            message,
            path,
            facts,
            directive=reference[1] if reference else None,
            observations=key_files(nginx, reference[0]) if reference else (),
        ),
        fix,
    )
