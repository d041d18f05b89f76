"""The private key is encrypted (RFC 7468 section 11, RFC 1421) and nothing gives nginx the right
passphrase: on a terminal it asks, a service that starts by itself cannot answer."""

from collections.abc import Iterator

from checks.nginx import KEEPS_THE_OLD, Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig, NginxTest
from diagnose.parsers.nginx import server_blocks

_LOCKED = (
    r'(?:cannot load certificate key "([^"]+)": \w+\(\)|SSL_CTX_use_PrivateKey_file\("([^"]+)"\))'
    r" failed \(SSL: .*(?:bad password read|bad decrypt|password error|unable to get passphrase"
    r"|interrupted or cancelled|problems getting password|bad pass ?phrase)"
)


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid", *KEEPS_THE_OLD],
)
def key_encrypted(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(_LOCKED)
    if refused is None:
        return
    said, found = refused
    path = found[1] or found[2]
    named = nginx.naming("ssl_certificate_key", path)
    given = server_blocks.Place((named[0].http, named[0].block)) if named else None
    supplied = given.one("ssl_password_file") if given else None
    file = nginx.path(supplied.args[0]) if supplied and supplied.args else ""
    # nginx asks for a passphrase unless the file was given.
    fix = Fix((Manual("decrypt", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
    reason = said.text.rstrip(")").rpartition("::")[2]
    facts = {"file": path, "passwords": file, "reason": reason}
    yield nginx.complaint(
        said, path, facts, fix, named[1] if named else None, nginx.keys(named[0]) if named else ()
    )
