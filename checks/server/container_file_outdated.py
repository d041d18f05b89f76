"""A file of the server that is mounted into the container of Caddy, HAProxy or Apache was replaced
by another of the same name, and the container still has the old one.

A bind mount of a file leads to that file, not to its name (mount(8)). Editors, `sed -i` and `mv`
write a new file and rename it over the old one, and a reload reads the old one again. nginx:
nginx.container-file-outdated.
"""

from collections.abc import Iterator, Sequence

from checks.server import server_on_port
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
    commands,
)
from diagnose.model.containers import BindMount, NginxContainer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, NginxContainer],
    explains=[
        # What is wrong in the old file may be corrected in the new one.
        "certificate.expired",
        "certificate.name-mismatch",
        "certificate.renewed-elsewhere",
        "http.server-error",
        "server.application-answers",
        "server.backend-not-reached",
        "server.certificate-not-loaded",
        "server.container-not-reached",
        "server.haproxy-no-server",
        "server.site-missing",
        "tls.handshake-failed",
    ],
)
def container_file_outdated(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or not view.server.container:
        return
    files = {view.server.config, *(file.path for file in view.config.files)}
    paths = {path for site in view.config.sites for path in site.paths("certificate", "bundle")}
    for container in evidence.good(NginxContainer):
        replaced = [mount for mount in container.mounts if mount.replaced]
        for mount in replaced:
            if mount.point in files | paths:
                yield _claim(evidence, container, mount, view.server, mount.point in paths)
                return


def _claim(
    evidence: Evidence,
    container: NginxContainer,
    mount: BindMount,
    server: WebServer,
    is_certificate: bool,
) -> Claim:
    port = evidence.target.port
    failures = _failures(evidence)
    restart = Fix((Manual("start-again", Where.SERVER),), Applicability.MANUAL)
    if container.engine:
        command = commands.restart_container(container.engine, container.name)
        restart = Fix((command,), Applicability.REVIEW)
    return Claim(
        about=Subject(text=mount.point),
        covers=(Subject(port=port), Subject(port=port, path=evidence.target.path), Subject()),
        because=(container, server, *failures),
        # The new file may have a fault of its own.
        confidence=Confidence.LIKELY if failures else Confidence.CERTAIN,
        severity=None if failures else Severity.WARNING,
        facts={
            "server": server.title,
            "container": container.title,
            "engine": container.engine,
            "file": mount.point,
            "source": mount.source,
            "certificate": is_certificate,
        },
        fix=restart,
    )


def _failures(evidence: Evidence) -> Sequence[Exchange | Handshake]:
    """Return what fails for visitors: handshakes, and pages that the server answers in the
    application's place."""
    handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == evidence.target.port
        and handshake.is_browser_like
        and handshake.failure
    ]
    pages = [page for page in page_exchanges(evidence) if page.status is None or page.status >= 500]
    return [*handshakes, *pages]
