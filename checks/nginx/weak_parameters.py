"""OpenSSL refuses a setting of the configuration: a cipher list without any known cipher, an
unknown curve, or Diffie-Hellman parameters or a certificate below its security level
(SSL_CTX_set_security_level(3)). Distributions raise that level from release to release."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._errors import ConfigFault, config_error_claim, find_config_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import CertificateFile, Directive, NginxConfig, NginxTest
from diagnose.model.tls import Certificate
from diagnose.parsers.nginx import config as nginx_parser
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
GOOD_CIPHERS = (
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
    config_error = find_config_error(nginx, _ALL)
    if config_error is None:
        return
    message, match = config_error
    groups = match.groupdict()
    name, value = _refused_setting(groups)
    directives = tuple(_directives(nginx, name, value))
    if not directives:
        return
    changes = tuple(_edits(nginx, directives))
    step = "another-value" if not groups["weakness"] else "another-certificate"
    steps = changes or (Manual(step, Where.SERVER),)
    files = tuple(file for file in evidence.of(CertificateFile) if file.path == value)
    facts = {
        "directive": name,
        "value": value,
        "weakness": groups["weakness"] or "",
        "of": _weak_certificate(files, groups["weakness"] or ""),
        "ciphers": name == "ssl_ciphers",
        "suites": bool(re.search(r"\bTLS_[A-Z0-9_]+", value)) and name == "ssl_ciphers",
        "dh": name == "ssl_dhparam",
        "curves": name == "ssl_ecdh_curve",
        "command": name == "ssl_conf_command",
    }
    fix = Fix((*steps, *reload_steps(nginx)), _applicability(changes, name))
    yield config_error_claim(
        nginx,
        ConfigFault(
            message, f"{name} {value}".strip(), facts, directive=directives[0], observations=files
        ),
        fix,
    )


def _applicability(changes: tuple[Edit, ...], name: str) -> Applicability:
    """Return whether the change is automatic. The purpose of an ssl_conf_command is not known; the
    other settings have one good value for everybody."""
    if not changes:
        return Applicability.MANUAL
    return Applicability.REVIEW if name == "ssl_conf_command" else Applicability.AUTOMATIC


def _weak_certificate(files: tuple[CertificateFile, ...], weakness: str) -> str:
    """Return the name of the weak certificate, with its key or hash."""
    for certificate in (certificate for file in files for certificate in file.chain):
        name = certificate.common_name or certificate.subject
        if (
            "key" in weakness
            and certificate.is_ca is weakness.startswith("ca")
            and _has_small_key(certificate)
        ):
            return f"{name} ({certificate.key_type} {certificate.key_bits})"
        if "md" in weakness and certificate.signature_hash.lower() in {"md5", "sha1"}:
            return f"{name} ({certificate.signature_hash.upper()})"
    return ""


def _has_small_key(certificate: Certificate) -> bool:
    return certificate.key_type == "RSA" and certificate.key_bits < 2048


def _refused_setting(groups: dict[str, str | None]) -> tuple[str, str]:
    """Return the directive and the value that OpenSSL refuses."""
    if groups["ciphers"] is not None:
        return "ssl_ciphers", groups["ciphers"]
    if groups["command"]:
        return "ssl_conf_command", groups["command"]
    if groups["dh"]:
        return "ssl_dhparam", groups["dh"]
    if path := groups["certificate"] or groups["loaded"]:
        return "ssl_certificate", path
    return "ssl_ecdh_curve", groups["curves"] or groups["curve"] or groups["name"] or ""


def _directives(nginx: Nginx, name: str, value: str) -> Iterator[Directive]:
    positions: set[tuple[str, int]] = set()
    for directive in nginx_parser.walk(nginx.config.main if nginx.config else ()):
        first = directive.args[0] if directive.args else ""
        paths = name in {"ssl_dhparam", "ssl_certificate"}
        has_value = (nginx.resolve_path(first) if paths else first) == value
        if (
            directive.name == name
            and has_value
            and (directive.file, directive.start) not in positions
        ):
            positions.add((directive.file, directive.start))
            yield directive


def _edits(nginx: Nginx, directives: tuple[Directive, ...]) -> Iterator[Edit]:
    """Set a recommended cipher list, or remove the setting.

    Without own Diffie-Hellman parameters, curves or commands, nginx and OpenSSL use good defaults.
    A weak certificate must be replaced by its authority.
    """
    changes: dict[str, list[edits.TextEdit]] = {}
    for directive in directives:
        config_file = nginx.file(directive)
        if directive.name == "ssl_certificate" or config_file is None:
            continue
        if directive.name == "ssl_ciphers":
            change = edits.replace_directive(directive, f"ssl_ciphers {GOOD_CIPHERS};")
        else:
            change = edits.remove_directive(config_file.text, directive)
        changes.setdefault(directive.file, []).append(change)
    return iter(config_edits(nginx, changes))
