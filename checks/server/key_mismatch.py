"""The key file of a site does not belong to its certificate. Apache's `-t` does not notice: Apache
stops at its next start or reload (AH02565)."""

from collections.abc import Iterator

from checks.server import place_text, server_view, test_steps
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, CertificateFile, KeyFile],
    explains=[
        "server.not-running",
        "server.config-invalid",
        "server.port-not-served",
        "server.certificate-not-loaded",
    ],
)
def key_mismatch(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    if view is None or view.config is None:
        return
    certificates = {file.path: file for file in evidence.good(CertificateFile) if file.publics}
    keys = {key.path: key for key in evidence.good(KeyFile) if key.public}
    for site in dict.fromkeys(view.answering_sites):
        own = [file for file in site.files if file.role == "certificate"]
        key_files = [file for file in site.files if file.role == "key"]
        # Several pairs (RSA and ECDSA) are matched by their order, which is not judged here.
        if len(own) != 1 or len(key_files) != 1:
            continue
        certificate, key = certificates.get(own[0].path), keys.get(key_files[0].path)
        if certificate is None or key is None or certificate.publics[0] == key.public:
            continue
        yield Claim(
            about=Subject(text=key.path),
            covers=(Subject(),),
            because=(certificate, key, view.server),
            facts={
                **view.facts,
                "key": key.path,
                "certificate": certificate.path,
                "place": place_text(key_files[0].file, key_files[0].line),
                "running": view.server.pid is not None,
            },
            fix=Fix(
                (Manual("the-right-key", Where.SERVER), *test_steps(view.server)),
                Applicability.MANUAL,
            ),
        )
