"""The private key is encrypted (RFC 7468 section 11), and the server gets no passphrase at its
start: Apache asks on a terminal (AH02577), HAProxy and Caddy do not start. OpenSSL cannot read the
key without one."""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    place_text,
    refused_config_severity,
    server_view,
    test_steps,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import KeyFile
from diagnose.model.web_servers import SiteFile, WebServer, WebServerConfig

#: What openssl writes about a key that needs another passphrase than none.
_LOCKED = re.compile(r"bad decrypt|maybe wrong password|empty password|bad password read")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, KeyFile],
    explains=[
        "server.haproxy-key-missing",
        "server.config-invalid",
        "server.not-running",
        "server.port-not-served",
        "server.certificate-file-missing",
        "server.certificate-not-loaded",
        "server.reload-needed",
    ],
)
def key_encrypted(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    if view is None or view.config is None:
        return
    refused = view.test is not None and not view.test.passed
    # A running server got the passphrase, perhaps from a program (SSLPassPhraseDialog exec:…).
    if view.server.pid is not None and not refused:
        return
    keys = {
        key.path: key
        for key in evidence.of(KeyFile)
        if key.failure is not None and _LOCKED.search(key.failure.message)
    }
    files = [
        file
        for site in view.answering_sites
        for file in site.files
        if file.role in {"key", "bundle"} and file.path in keys
    ]
    if files:
        yield _claim(view, files[0], keys[files[0].path], refused)


def _claim(view: ServerView, file: SiteFile, key: KeyFile, refused: bool) -> Claim:
    tests = (view.test,) if view.test and refused else ()
    return Claim(
        about=Subject(text=file.path),
        covers=(Subject(),),
        because=(key, view.server, *tests),
        facts={
            **view.facts,
            "file": file.path,
            "place": place_text(file.file, file.line),
            "bundle": file.role == "bundle",
            "running": view.server.pid is not None,
            view.server.product: True,
        },
        confidence=Confidence.CERTAIN if refused else Confidence.LIKELY,
        severity=refused_config_severity(view),
        fix=Fix((Manual("decrypt", Where.SERVER), *test_steps(view.server)), Applicability.MANUAL),
    )
