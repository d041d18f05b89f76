"""The file is there and is not what it should be: empty, DER or PKCS#12, a request, the key in
the place of the certificate, or a PEM file with a broken line (RFC 7468)."""

import re
from collections.abc import Iterator

from checks.nginx import KEEPS_THE_OLD, Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Where,
)
from diagnose.model.nginx import CertificateFile, NginxConfig, NginxTest
from diagnose.parsers.nginx.edits import Change, diff, instead
from diagnose.parsers.nginx.server_blocks import Place, Server

_UNREADABLE = (
    r'(?:cannot load certificate(?: key)? "([^"]+)": \w+\(\)|\w+\("([^"]+)"\)) failed \(SSL: (.*)\)'
)
#: What others tell: files that are not there or closed, keys that want a passphrase, a wrong pair.
_OTHERWISE = ("No such file", "Permission denied", "assword", "decrypt", "mismatch", "interrupted",
              "too small", "too weak")  # fmt: skip

#: sed(1): what stands before a mark on its line goes, and blanks at the beginning of any line.
_MARKS = ("-e", r"s/^[^-]*\(-----BEGIN\)/\1/", "-e", "s/^[[:blank:]]*//")
_BROKEN = ("bad end line", "bad base64", "asn1", "wrong tag", "too long", "not enough data")


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid", *KEEPS_THE_OLD],
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
            facts: dict[str, object] = {
                "file": path,
                "directive": name,
                "key": name == "ssl_certificate_key",
                "reason": reason,
                "broken": broken,
                "holds": tuple(dict.fromkeys(label.lower() for label in labels)),
                "nothing": bool(looked) and not labels,
                "swapped": bool(labels) and all("PRIVATE KEY" in label for label in labels),
            }
            steps = _steps(nginx, named[0], looked, facts)
            facts["known"] = bool(steps)
            fix = _fix(nginx, steps)
            yield nginx.complaint(said, path, facts, fix, named[1], looked)
            return


def _fix(nginx: Nginx, steps: tuple[Step, ...]) -> Fix:
    if steps:
        return Fix((*steps, *nginx.taken()))
    step = Manual("the-right-file", Where.SERVER)
    return Fix((step, *nginx.taken()), Applicability.MANUAL)


def _steps(
    nginx: Nginx, server: Server, looked: tuple[CertificateFile, ...], facts: dict[str, object]
) -> tuple[Step, ...]:
    """What loses nothing: paths that are swapped, and a file of certificates all of which can be
    read, once each of its marks stands on a line of its own."""
    if facts["swapped"]:
        return _swapped(nginx, server)
    file = looked[0] if looked else None
    whole = file is not None and len(file.chain) == len(file.labels) > 0
    if file is None or not whole or any("CERTIFICATE" not in one for one in file.labels):
        return ()
    path = file.real or file.path  # what a link leads to
    if not file.text:
        # A byte order mark, or blanks, before the only one.
        return (Command(("sed", "-i", *_MARKS, path)),)
    made = re.sub(r"^[^-\n]+(?=-----BEGIN)", "", file.text)
    made = re.sub(r"(?m)^[ \t]+|[ \t]+$", "", made)
    made = re.sub(r"(-----END [A-Z0-9 ]+-----)(?=[^\r\n])", r"\1\n", made)
    made = re.sub(r"(?<=[^\n-])(?=-----(?:BEGIN|END) )", "\n", made)
    made = re.sub(r"(-----BEGIN [A-Z0-9 ]+-----)(?=[^\r\n])", r"\1\n", made)
    difference = diff(path, file.text, made)
    return (Edit(path, difference),) if difference else ()


def _swapped(nginx: Nginx, server: Server) -> tuple[Edit, ...]:
    """Each path in the other's place, where the other file holds no key."""
    place = Place((server.http, server.block))
    both = [*place.all("ssl_certificate"), *place.all("ssl_certificate_key")]
    keys = nginx.keys(server)
    plain = all(one.args and re.fullmatch(r"[\w./@+~-]+", one.args[0]) for one in both)
    if len(both) != 2 or len(keys) != 1 or keys[0].public or not plain:
        return ()
    changes: dict[str, list[Change]] = {}
    for one, other in (both, both[::-1]):
        line = f"{one.name} {other.args[0]};"
        changes.setdefault(one.file, []).append(instead(one, line))
    return nginx.edited(changes)


def _meant(text: str) -> str:
    """Which of the two nginx was reading."""
    key = "certificate key" in text or "PrivateKey" in text
    return "ssl_certificate_key" if key else "ssl_certificate"
