"""The file is there and is not what it should be: empty, DER or PKCS#12, a request, the key in
the place of the certificate, or a PEM file with a broken line (RFC 7468)."""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig, NginxTest

_UNREADABLE = (
    r'(?:cannot load certificate(?: key)? "([^"]+)": \w+\(\)|\w+\("([^"]+)"\)) failed \(SSL: (.*)\)'
)
#: What others tell: files that are not there or closed, keys that want a passphrase, a wrong pair.
_OTHERWISE = ("No such file", "Permission denied", "assword", "decrypt", "mismatch", "interrupted",
              "too small", "too weak")  # fmt: skip
_BROKEN = ("bad end line", "bad base64", "asn1", "wrong tag", "too long", "not enough data")


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def pem_invalid(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(_UNREADABLE)
    if refused is None or any(word in refused[1][3] for word in _OTHERWISE):
        return
    said, found = refused
    path, reason = found[1] or found[2], found[3]
    for name in ("ssl_certificate", "ssl_certificate_key"):
        if f"{name} " in f"{_meant(said.text)} " and (named := nginx.naming(name, path)):
            looked = tuple(o for o in nginx.certificates(named[0]) if o.path == path)
            labels = looked[0].labels if looked else ()
            broken = any(word in reason for word in _BROKEN)
            facts = {
                "file": path,
                "directive": name,
                "key": name == "ssl_certificate_key",
                "reason": reason,
                "broken": broken,
                "holds": tuple(dict.fromkeys(label.lower() for label in labels)),
                "nothing": bool(looked) and not labels,
                "swapped": bool(labels) and all("PRIVATE KEY" in label for label in labels),
            }
            fix = Fix(
                (Manual("the-right-file", Where.SERVER), *nginx.taken()), Applicability.MANUAL
            )
            yield nginx.complaint(said, path, facts, fix, named[1], looked)
            return


def _meant(text: str) -> str:
    """Which of the two nginx was reading."""
    key = "certificate key" in text or "PrivateKey" in text
    return "ssl_certificate_key" if key else "ssl_certificate"
