"""OpenSSL refuses what the configuration gives it: a cipher list in which it knows nothing, a
curve it has not, Diffie-Hellman parameters or a certificate below its security level
(SSL_CTX_set_security_level(3)). Distributions raise that level from release to release."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import CertificateFile, Directive, NginxConfig, NginxTest
from diagnose.model.tls import Certificate
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import edits

_CIPHERS = r'SSL_CTX_set_cipher_list\("(?P<ciphers>[^"]*)"\) failed'
_COMMAND = r'SSL_CONF_cmd\("(?P<command>[^"]+)", "(?P<value>[^"]*)"\) failed'
_DH = r'SSL_CTX_set_tmp_dh\("(?P<dh>[^"]+)"\) failed .*dh key too small'
_CURVES = (
    r'(?:SSL_CTX_set1_(?:curves|groups)_list\("(?P<curves>[^"]*)"\) failed'
    r'|[Uu]nable to create curve "(?P<curve>[^"]*)"|Unknown curve name \("(?P<name>[^"]*)"\))'
)
_CERTIFICATE = (
    r'(?:SSL_\w+\("(?P<certificate>[^"]+)"\)|cannot load certificate "(?P<loaded>[^"]+)": '
    r"SSL_\w+\(\)) failed \(SSL: .*(?P<weakness>ee key too small|ca key too small|ca md too weak"
    r"|ee md too weak)"
)
_ALL = f"(?:{_CIPHERS}|{_COMMAND}|{_DH}|{_CURVES}|{_CERTIFICATE})"

#: https://wiki.mozilla.org/Security/Server_Side_TLS, "intermediate" (5.7).
GOOD = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
)


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def weak_parameters(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(_ALL)
    if refused is None:
        return
    said, found = refused
    given = found.groupdict()
    name, value = _named(given)
    at = tuple(_directives(nginx, name, value))
    if not at:
        return
    changes = tuple(_edits(nginx, at))
    step = "another-value" if not given["weakness"] else "another-certificate"
    steps = changes or (Manual(step, Where.SERVER),)
    files = tuple(one for one in evidence.of(CertificateFile) if one.path == value)
    facts = {
        "directive": name,
        "value": value,
        "weakness": given["weakness"] or "",
        "of": _weak(files, given["weakness"] or ""),
        "ciphers": name == "ssl_ciphers",
        "suites": bool(re.search(r"\bTLS_[A-Z0-9_]+", value)) and name == "ssl_ciphers",
        "dh": name == "ssl_dhparam",
        "curves": name == "ssl_ecdh_curve",
        "command": name == "ssl_conf_command",
    }
    fix = Fix((*steps, *nginx.taken()), _applicability(changes, name))
    yield nginx.complaint(said, f"{name} {value}".strip(), facts, fix, at[0], files)


def _applicability(changes: tuple[Edit, ...], name: str) -> Applicability:
    """What a command was to forbid is not known; the others have one good value for everybody."""
    if not changes:
        return Applicability.MANUAL
    return Applicability.REVIEW if name == "ssl_conf_command" else Applicability.AUTOMATIC


def _weak(files: tuple[CertificateFile, ...], weakness: str) -> str:
    """The certificate that is meant, by its name, with its key or hash."""
    for one in (one for file in files for one in file.chain):
        name = one.common_name or one.subject
        if "key" in weakness and one.is_ca is weakness.startswith("ca") and _small(one):
            return f"{name} ({one.key_type} {one.key_bits})"
        if "md" in weakness and one.signature_hash.lower() in {"md5", "sha1"}:
            return f"{name} ({one.signature_hash.upper()})"
    return ""


def _small(one: Certificate) -> bool:
    return one.key_type == "RSA" and one.key_bits < 2048


def _named(given: dict[str, str | None]) -> tuple[str, str]:
    """The directive, and what it was given that OpenSSL refuses."""
    if given["ciphers"] is not None:
        return "ssl_ciphers", given["ciphers"]
    if given["command"]:
        return "ssl_conf_command", given["command"]
    if given["dh"]:
        return "ssl_dhparam", given["dh"]
    if path := given["certificate"] or given["loaded"]:
        return "ssl_certificate", path
    return "ssl_ecdh_curve", given["curves"] or given["curve"] or given["name"] or ""


def _directives(nginx: Nginx, name: str, value: str) -> Iterator[Directive]:
    met: set[tuple[str, int]] = set()
    for one in wire.walk(nginx.config.main if nginx.config else ()):
        first = one.args[0] if one.args else ""
        paths = name in {"ssl_dhparam", "ssl_certificate"}
        same = (nginx.path(first) if paths else first) == value
        if one.name == name and same and (one.file, one.start) not in met:
            met.add((one.file, one.start))
            yield one


def _edits(nginx: Nginx, at: tuple[Directive, ...]) -> Iterator[Edit]:
    """A list that is known to be good; without Diffie-Hellman parameters of one's own, a curve or
    a command, nginx and OpenSSL have good ones. A certificate has to come from its authority."""
    changes: dict[str, list[edits.Change]] = {}
    for one in at:
        text = nginx.file(one)
        if one.name == "ssl_certificate" or text is None:
            continue
        if one.name == "ssl_ciphers":
            change = edits.instead(one, f"ssl_ciphers {GOOD};")
        else:
            change = edits.gone(text.text, one)
        changes.setdefault(one.file, []).append(change)
    return iter(nginx.edited(changes))
