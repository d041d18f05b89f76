"""The file begins with another certificate than the site's: nginx takes the first for the site's
own, and compares the key with it (nginx.org, "SSL certificate chains"). The key tells which of
them is."""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import (
    KEEPS_THE_OLD,
    MISMATCH,
    Nginx,
    held_behind,
    held_further_down,
    works,
)
from diagnose.checking.registry import check
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
from diagnose.model.nginx import CertificateFile, KeyFile, NginxConfig, TestMessage
from diagnose.model.tls import path_of
from diagnose.parsers import pem
from diagnose.parsers.nginx.edits import diff


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, CertificateFile, KeyFile],
    explains=[
        "nginx.config-invalid",
        *KEEPS_THE_OLD,
        "tls.no-shared-cipher",
        "tls.no-shared-protocol",
        "tls.handshake-failed",
        "tls.closed",
        "tls.reset",
    ],
)
def chain_order(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused, held = nginx.refused(MISMATCH), held_further_down(nginx)
    if refused and held:
        yield _claim(nginx, refused[0], held[0], held[1], refused[1][1])
    elif nginx.test is None or nginx.test.passed:
        yield from _unnoticed(nginx)


def _unnoticed(nginx: Nginx) -> Iterator[Claim]:
    """Where the first certificate is of another algorithm, nginx -t sees no contradiction, and no
    handshake finds a pair that it could use; see `nginx.key-type-mismatch`."""
    met: set[str] = set()
    for answering in nginx.answering():
        keys = nginx.keys(answering.server)
        kinds = {one.key_type for one in keys}
        for file in nginx.certificates(answering.server):
            index = held_behind(file, keys)
            first = file.chain[0].key_type
            if index and file.path not in met and first and first not in kinds:
                met.add(file.path)
                key = next(one.path for one in keys if one.public == file.publics[index])
                claim = _claim(nginx, TestMessage("emerg", ""), file, index, key)
                # nginx has not read this file yet: it will at its next reload.
                yield replace(claim, severity=Severity.WARNING if works(nginx) else None)


def _claim(nginx: Nginx, said: TestMessage, file: CertificateFile, number: int, key: str) -> Claim:
    named = nginx.naming("ssl_certificate", file.path)
    edit = _edit(file, number)
    steps = (edit,) if edit else (Manual("own-first", Where.SERVER),)
    facts = {
        "file": file.path,
        "key": key,
        "first": file.chain[0].common_name or file.chain[0].subject,
        "own": file.chain[number].common_name or file.chain[number].subject,
        "number": number + 1,
    }
    applicability = Applicability.AUTOMATIC if edit else Applicability.MANUAL
    fix = Fix((*steps, *nginx.taken()), applicability)
    return nginx.complaint(said, file.path, facts, fix, named[1] if named else None, (file,))


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
