"""ssl_certificate or ssl_certificate_key names a file that is not there: a slip in the path, a
certificate that was not issued yet, a renewal under another name (certbot's -0001)."""

from collections.abc import Iterator

from checks.nginx import KEEPS_THE_OLD, Nginx
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
    explains=["nginx.config-invalid", *KEEPS_THE_OLD],
)
def certificate_file_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(_MISSING)
    if refused is None:
        return
    said, found = refused
    path = found[1] or found[2]
    for name in ("ssl_certificate", "ssl_certificate_key"):
        if named := nginx.naming(name, path):
            known = nginx.pairing(name, path)
            facts = {
                "known": bool(known),
                "file": path,
                "directive": name,
                "key": name == "ssl_certificate_key",
                "certbot": path.startswith("/etc/letsencrypt/live/"),
            }
            if known:
                fix = Fix((*known, *nginx.taken()))
            else:
                step = Manual("the-right-path", Where.SERVER)
                fix = Fix((step, *nginx.taken()), Applicability.MANUAL)
            yield nginx.complaint(said, path, facts, fix, named[1])
            return
