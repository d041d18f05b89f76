"""The file exists but has the wrong content: empty, DER or PKCS#12, a certificate request, the key
instead of the certificate, or a PEM file with a broken line (RFC 7468)."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._certificates import (
    certificate_files,
    file_reference,
    key_files,
    stored_pair_edits,
)
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
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
    Step,
    Where,
    commands,
)
from diagnose.model.nginx import CertificateFile, NginxConfig, NginxTest
from diagnose.parsers.nginx.edits import TextEdit, diff, replace_directive
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import Server

_UNREADABLE = (
    r'(?:cannot load certificate(?: key)? "([^"]+)": \w+\(\)|\w+\("([^"]+)"\)) failed \(SSL: (.*)\)'
)
#: Faults of other checks: missing or unreadable files, keys with a passphrase, a key of another
#: certificate.
_OTHER_CAUSES = (
    "No such file",
    "Permission denied",
    "assword",
    "decrypt",
    "mismatch",
    "interrupted",
    "too small",
    "too weak",
)

#: sed(1): remove what comes before a BEGIN marker on its line, and leading whitespace on every
#: line.
_SED_SCRIPTS = (r"s/^[^-]*\(-----BEGIN\)/\1/", "s/^[[:blank:]]*//")
_MALFORMED = ("bad end line", "bad base64", "asn1", "wrong tag", "too long", "not enough data")


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid", *STALE_CONFIG_SYMPTOMS],
)
def pem_invalid(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, _UNREADABLE)
    if config_error is None or any(phrase in config_error[1][3] for phrase in _OTHER_CAUSES):
        return
    message, match = config_error
    path, reason = match[1] or match[2], match[3]
    for name in ("ssl_certificate", "ssl_certificate_key"):
        if f"{name} " in f"{_directive_name(message.text)} " and (
            reference := file_reference(nginx, name, path)
        ):
            files = tuple(
                file for file in certificate_files(nginx, reference[0]) if file.path == path
            )
            labels = files[0].labels if files else ()
            malformed = any(phrase in reason for phrase in _MALFORMED)
            facts: dict[str, object] = {
                "file": path,
                "directive": name,
                "key": name == "ssl_certificate_key",
                "reason": reason,
                "broken": malformed,
                "holds": tuple(dict.fromkeys(label.lower() for label in labels)),
                "nothing": bool(files) and not labels,
                "swapped": bool(labels) and all("PRIVATE KEY" in label for label in labels),
            }
            steps = _steps(nginx, reference[0], files, facts)
            facts["known"] = bool(steps)
            edits, stored = ((), None) if steps else stored_pair_edits(nginx, name, path)
            facts["stored"] = stored.path if stored else ""
            facts["stored_key"] = stored.key if stored else ""
            fix = _fix(nginx, steps)
            if stored:
                fix = Fix((*edits, *reload_steps(nginx)), stored.applicability)
            yield config_error_claim(
                nginx,
                ConfigFault(message, path, facts, directive=reference[1], observations=files),
                fix,
            )
            return


def _fix(nginx: Nginx, steps: tuple[Step, ...]) -> Fix:
    if steps:
        return Fix((*steps, *reload_steps(nginx)))
    step = Manual("the-right-file", Where.SERVER)
    return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)


def _steps(
    nginx: Nginx, server: Server, files: tuple[CertificateFile, ...], facts: dict[str, object]
) -> tuple[Step, ...]:
    """Return the steps that lose nothing.

    They swap paths that were mixed up, or put each marker of a certificate file on its own line if
    all certificates can be read after that.
    """
    if facts["swapped"]:
        return _swap_edits(nginx, server)
    file = files[0] if files else None
    is_complete = file is not None and len(file.chain) == len(file.labels) > 0
    if file is None or not is_complete or any("CERTIFICATE" not in label for label in file.labels):
        return ()
    path = file.real or file.path  # the file to which a link leads
    if not file.text:
        # A byte order mark or whitespace before the only marker.
        return (commands.rewrite(path, _SED_SCRIPTS),)
    text = re.sub(r"^[^-\n]+(?=-----BEGIN)", "", file.text)
    text = re.sub(r"(?m)^[ \t]+|[ \t]+$", "", text)
    text = re.sub(r"(-----END [A-Z0-9 ]+-----)(?=[^\r\n])", r"\1\n", text)
    text = re.sub(r"(?<=[^\n-])(?=-----(?:BEGIN|END) )", "\n", text)
    text = re.sub(r"(-----BEGIN [A-Z0-9 ]+-----)(?=[^\r\n])", r"\1\n", text)
    difference = diff(path, file.text, text)
    return (Edit(path, difference),) if difference else ()


def _swap_edits(nginx: Nginx, server: Server) -> tuple[Edit, ...]:
    """Swap the two paths, if the other file holds no key."""
    location_match = LocationMatch((server.http, server.block))
    directives = [
        *location_match.directives("ssl_certificate"),
        *location_match.directives("ssl_certificate_key"),
    ]
    keys = key_files(nginx, server)
    plain = all(
        directive.args and re.fullmatch(r"[\w./@+~-]+", directive.args[0])
        for directive in directives
    )
    if len(directives) != 2 or len(keys) != 1 or keys[0].public or not plain:
        return ()
    changes: dict[str, list[TextEdit]] = {}
    for directive, partner in (directives, directives[::-1]):
        line = f"{directive.name} {partner.args[0]};"
        changes.setdefault(directive.file, []).append(replace_directive(directive, line))
    return config_edits(nginx, changes)


def _directive_name(text: str) -> str:
    """Return the name of the directive that nginx was reading."""
    key = "certificate key" in text or "PrivateKey" in text
    return "ssl_certificate_key" if key else "ssl_certificate"
