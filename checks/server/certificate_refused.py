"""Apache, Caddy or HAProxy cannot load the certificate or the key of a site: its TLS library
refuses the file. Apache says so in its log only, AH02562 and behind it OpenSSL's reason; HAProxy
and Caddy in their test or at their start.

OpenSSL refuses an RSA key below 2048 bits and SHA-1 at its usual level
(SSL_CTX_set_security_level(3)), and a file that is no PEM (RFC 7468).
"""

import posixpath
from collections.abc import Iterator
from itertools import pairwise

from checks.server import (
    ServerView,
    line_text,
    place_text,
    refused_config_severity,
    server_view,
    start_steps,
    test_steps,
)
from checks.server._certificate_files import certificate_file, file_fault
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.logs import ServerStartError
from diagnose.model.nginx import CertificateFile
from diagnose.model.web_servers import SiteFile, WebServer, WebServerConfig
from diagnose.parsers.certificate_refusals import RefusalReason, refusal_reason

#: What another check says by the files themselves.
_OTHERS = {"mismatch"}
#: What a new certificate cures, and not another copy of the file.
_WEAK = {"small-key", "weak-hash"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.config-invalid",
        "server.not-running",
        "server.port-not-served",
        "server.certificate-not-loaded",
        "server.certificate-file-missing",
        "listener.missing",
    ],
)
def certificate_refused(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    if view is None or view.config is None:
        return
    messages = [(message, source) for message, source in _messages(view) if refusal_reason(message)]
    message, source = next(iter(messages), ("", view.server))
    site_file = _named_file(view, message) if message else _faulty_file(view)
    if site_file is None or (not message and view.server.pid is not None):
        return
    file = certificate_file(evidence, site_file.path)
    fault = file_fault(file) if file else None
    reason = fault or refusal_reason(message)
    if reason is None or reason in _OTHERS:
        return
    yield Claim(
        about=Subject(text=site_file.path),
        covers=(Subject(), Subject(port=evidence.target.port)),
        because=(source, view.config, *([file] if file else [])),
        facts={
            **view.facts,
            "file": site_file.path,
            "place": place_text(site_file.file, site_file.line),
            "message": message,
            "key": site_file.role == "key",
            "of": _description(file, reason) if file else "",
            "running": view.server.pid is not None,
            "small_key": reason == "small-key",
            "weak_hash": reason == "weak-hash",
            "swapped": reason == "swapped",
            "damaged": reason == "damaged",
            "nothing": reason == "nothing",
            "weak": reason in _WEAK,
            "foreign": _is_foreign(view, site_file, reason),
        },
        confidence=Confidence.CERTAIN if message or reason != "damaged" else Confidence.LIKELY,
        severity=refused_config_severity(view),
        fix=_away(view, site_file.path)
        if _is_foreign(view, site_file, reason)
        else _fix(view, reason),
    )


def _messages(view: ServerView) -> Iterator[tuple[str, Observation]]:
    """Yield what the server says: its test, and, if it does not run, its log and the journal."""
    if view.test is not None and not view.test.passed:
        yield view.test.message, view.test
    if view.server.pid is None:
        for error in view.evidence.good(ServerStartError):
            if error.product == view.server.product:
                yield error.message, error
        yield view.server.complaint, view.server


def _named_file(view: ServerView, message: str) -> SiteFile | None:
    """Return the file that the message names; else the faulty or the only one of the site."""
    files = [file for site in view.config.sites for file in site.files] if view.config else []
    named = [file for file in files if file.path and file.path in message]
    own = [file for site in view.answering_sites for file in site.files if file.role != "chain"]
    only = own if len({file.path for file in own}) == 1 else []
    longest = sorted(named, key=lambda file: -len(file.path))
    return next(iter([*longest, *filter(None, [_faulty_file(view)]), *only]), None)


def _faulty_file(view: ServerView) -> SiteFile | None:
    """Return the file of a certificate whose own text shows that no library can load it."""
    for site in view.answering_sites:
        for site_file in site.files:
            file = certificate_file(view.evidence, site_file.path)
            if site_file.role in {"certificate", "bundle"} and file and file_fault(file):
                return site_file
    return None


def _description(file: CertificateFile, reason: RefusalReason) -> str:
    """Return what is weak: "RSA 1024", "SHA1"."""
    for certificate in file.chain:
        if reason == "small-key" and certificate.key_type == "RSA" and certificate.key_bits < 2048:
            return f"RSA {certificate.key_bits}"
        if reason == "weak-hash" and certificate.signature_hash.lower() in {"md5", "sha1"}:
            return certificate.signature_hash.upper()
    return ""


def _is_foreign(view: ServerView, file: SiteFile, reason: RefusalReason) -> bool:
    """Return whether a file without a PEM block lies in a folder whose files HAProxy loads all."""
    if view.server.product != "haproxy" or reason != "nothing":
        return False
    folder = f"{posixpath.dirname(file.path)}/"
    words = line_text(view, file.file, file.line).split()
    named = [word for key, word in pairwise(words) if key == "crt"]
    return file.path not in named and any(f"{name.rstrip('/')}/" == folder for name in named)


def _away(view: ServerView, path: str) -> Fix:
    """Move a file into the folder above the one whose files are loaded."""
    folder, name = posixpath.split(path)
    new = posixpath.join(posixpath.dirname(folder), name)
    more = start_steps(view.server) if view.server.pid is None else test_steps(view.server)
    return Fix((commands.move(path, new), *more), Applicability.REVIEW)


def _fix(view: ServerView, reason: RefusalReason) -> Fix:
    name = "new-certificate" if reason in _WEAK else "right-file"
    step = Manual(name, Where.SERVER)
    more = start_steps(view.server) if view.server.pid is None else test_steps(view.server)
    return Fix((step, *more), Applicability.MANUAL)
