"""The file begins with another certificate than the site's: nginx takes the first for the site's
own, and compares the key with it (nginx.org, "SSL certificate chains"). The key tells which of
them is."""

from collections.abc import Iterator

from checks.nginx import MISMATCH, Nginx, held_further_down
from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.nginx import CertificateFile, KeyFile, NginxConfig, NginxTest
from diagnose.model.tls import path_of
from diagnose.wire import pem
from diagnose.wire.edits import diff


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig, CertificateFile, KeyFile],
    explains=["nginx.config-invalid"],
)
def chain_order(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused, held = nginx.refused(MISMATCH), held_further_down(nginx)
    if refused is None or held is None:
        return
    said, found = refused
    file, number = held
    named = nginx.naming("ssl_certificate", file.path)
    edit = _edit(file, number)
    steps = (edit,) if edit else (Manual("own-first", Where.SERVER),)
    facts = {
        "file": file.path,
        "key": found[1],
        "first": file.chain[0].common_name or file.chain[0].subject,
        "own": file.chain[number].common_name or file.chain[number].subject,
        "number": number + 1,
    }
    applicability = Applicability.AUTOMATIC if edit else Applicability.MANUAL
    fix = Fix((*steps, *nginx.taken()), applicability)
    yield nginx.complaint(said, file.path, facts, fix, named[1] if named else None, (file,))


def _edit(file: CertificateFile, number: int) -> Edit | None:
    """The site's own first, then each one's issuer, then what is left."""
    blocks = pem.blocks(file.text)
    if len(blocks) != len(file.chain):
        return None
    own = file.chain[number]
    path = path_of((own, *(one for one in file.chain if one != own)))
    order = sorted(
        range(len(blocks)),
        key=lambda i: path.index(file.chain[i]) if file.chain[i] in path else len(path),
    )
    made = "".join(f"{blocks[index]}\n" for index in order)
    target = file.real or file.path  # patch(1) refuses links, as certbot's are
    changes = diff(target, file.text, made)
    return Edit(target, changes) if changes else None
