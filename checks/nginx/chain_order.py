"""The file begins with another certificate than the site's own. nginx takes the first one as the
site's, and compares the key with it (nginx.org, "SSL certificate chains"). The key shows which one
is right."""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._certificates import (
    KEY_MISMATCH,
    certificate_files,
    file_reference,
    handshake_succeeded,
    key_files,
    misplaced_certificate,
    own_certificate_index,
)
from checks.nginx._commands import reload_steps
from checks.nginx._errors import (
    STALE_CONFIG_SYMPTOMS,
    ConfigFault,
    config_error_claim,
    find_config_error,
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
from diagnose.model.tls import certificate_path
from diagnose.parsers import pem
from diagnose.parsers.nginx.edits import diff


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, CertificateFile, KeyFile],
    explains=[
        "nginx.config-invalid",
        *STALE_CONFIG_SYMPTOMS,
        "tls.no-shared-cipher",
        "tls.no-shared-protocol",
        "tls.handshake-failed",
        "tls.closed",
        "tls.reset",
    ],
)
def chain_order(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error, misplaced = find_config_error(nginx, KEY_MISMATCH), misplaced_certificate(nginx)
    if config_error and misplaced:
        yield _claim(nginx, config_error[0], misplaced[0], misplaced[1], config_error[1][1])
    elif nginx.test is None or nginx.test.passed:
        yield from _undetected_claims(nginx)


def _undetected_claims(nginx: Nginx) -> Iterator[Claim]:
    """Make claims that nginx -t cannot make.

    If the first certificate uses another key algorithm, nginx -t sees no contradiction, and no
    handshake finds a usable pair; see `nginx.key-type-mismatch`.
    """
    paths: set[str] = set()
    for selected_server in nginx.selected_servers():
        keys = key_files(nginx, selected_server.server)
        key_types = {key_file.key_type for key_file in keys}
        for file in certificate_files(nginx, selected_server.server):
            index = own_certificate_index(file, keys)
            first = file.chain[0].key_type if file.chain else ""
            if index and file.path not in paths and first and first not in key_types:
                paths.add(file.path)
                key = next(
                    key_file.path for key_file in keys if key_file.public == file.publics[index]
                )
                claim = _claim(nginx, TestMessage("emerg", ""), file, index, key)
                # nginx has not read this file yet, but will at its next reload.
                yield replace(
                    claim, severity=Severity.WARNING if handshake_succeeded(nginx) else None
                )


def _claim(
    nginx: Nginx, message: TestMessage, file: CertificateFile, index: int, key: str
) -> Claim:
    reference = file_reference(nginx, "ssl_certificate", file.path)
    edit = _edit(file, index)
    steps = (edit,) if edit else (Manual("own-first", Where.SERVER),)
    facts = {
        "file": file.path,
        "key": key,
        "first": file.chain[0].common_name or file.chain[0].subject,
        "own": file.chain[index].common_name or file.chain[index].subject,
        "number": index + 1,
    }
    applicability = Applicability.AUTOMATIC if edit else Applicability.MANUAL
    fix = Fix((*steps, *reload_steps(nginx)), applicability)
    return config_error_claim(
        nginx,
        ConfigFault(
            message,
            file.path,
            facts,
            directive=reference[1] if reference else None,
            observations=(file,),
        ),
        fix,
    )


def _edit(file: CertificateFile, index: int) -> Edit | None:
    """Put the site's own certificate first, then the issuer of each, then the rest."""
    blocks = pem.blocks(file.text)
    if len(blocks) != len(file.chain):
        return None
    own = file.chain[index]
    path = certificate_path(
        (own, *(certificate for certificate in file.chain if certificate != own))
    )
    order = sorted(
        range(len(blocks)),
        key=lambda i: path.index(file.chain[i]) if file.chain[i] in path else len(path),
    )
    text = "".join(f"{blocks[index]}\n" for index in order)
    target = file.real or file.path  # patch(1) refuses links, and certbot uses links
    changes = diff(target, file.text, text)
    return Edit(target, changes) if changes else None
