"""The configuration on disk is valid and was changed after nginx last loaded one. That alone is no
fault: somebody may be at work. It is one where visitors meet something that the configuration on
disk would not do; each such thing is looked for by itself."""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Fix, Observation, Severity, Subject
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import (
    CertificateFile,
    ConfigFile,
    NginxConfig,
    NginxState,
    UpstreamTry,
)
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx import server_blocks

#: Seconds by which a file must be newer: processes and files are dated to some hundredths, and
#: who reloads has saved before.
LATER = 0.1


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig],
    explains=[
        "listener.missing",
        "listener.loopback-only",
        "tcp.refused",
        "tls.*",
        "certificate.*",
        "http.*",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
        "websocket.redirected",
    ],
)
def reload_needed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    master, config = nginx.master, nginx.config
    if master is None or config is None or master.loaded is None:
        return
    if nginx.test is not None and not nginx.test.passed:
        return
    newer = [one for one in config.files if _is_newer(one, master.loaded)]
    if not newer:
        return
    newest = max(newer, key=lambda one: one.changed or 0.0)
    shown = tuple(dict.fromkeys(differences(nginx)))
    yield Claim(
        about=Subject(text=newest.path),
        covers=(Subject(),),
        because=(*([nginx.state] if nginx.state else []), config, *shown),
        facts={
            "file": newest.path,
            "files": tuple(one.path for one in newer),
            "minutes": max(round(((newest.changed or 0.0) - master.loaded) / 60), 0),
            "pid": master.pid,
            "matters": bool(shown),
        },
        severity=None if shown else Severity.NOTE,
        confidence=Confidence.LIKELY,
        fix=Fix(nginx.taken()),
    )


def _is_newer(file: ConfigFile, loaded: float) -> bool:
    return file.changed is not None and file.changed > loaded + LATER


def differences(nginx: Nginx) -> Iterator[Observation]:
    """What was seen and would be otherwise with the configuration on disk."""
    yield from _closed(nginx)
    yield from _plain(nginx)
    yield from _certificate(nginx)
    yield from _websocket(nginx)
    yield from _bad_gateway(nginx)


def _closed(nginx: Nginx) -> Iterator[Observation]:
    """nginx would listen there, and nothing does."""
    refused = [
        one
        for one in nginx.evidence.of(Connection)
        if one.failure and one.failure.kind == "refused"
    ]
    for seen in nginx.evidence.good(Listeners):
        ports = {one.port for one in refused} | {nginx.evidence.target.port}
        missing = {port for port in ports if nginx.listening(port) and not seen.on(port)}
        yield from (one for one in refused if one.port in missing)
        if nginx.evidence.target.port in missing:
            yield seen


def _plain(nginx: Nginx) -> Iterator[Observation]:
    """nginx would speak TLS, and plain HTTP came."""
    if nginx.answering() and all(one.socket.ssl for one in nginx.answering()):
        for one in nginx.evidence.of(Handshake):
            if one.port == nginx.evidence.target.port and one.received.startswith("HTTP/"):
                yield one


def _certificate(nginx: Nginx) -> Iterator[Observation]:
    """Another certificate is served than the one in the file of the block that would answer."""
    files = {one.sha256 for one in nginx.evidence.good(CertificateFile) if one.sha256}
    for one in nginx.evidence.of(Handshake):
        normal = one.port == nginx.evidence.target.port and one.variant in {"normal", "unverified"}
        if normal and files and one.chain and one.chain[0].sha256 not in files:
            yield one


def _websocket(nginx: Nginx) -> Iterator[Observation]:
    """The location would pass the upgrade on, the application takes it, and it is refused."""
    upgrades = nginx.evidence.good(Upgrade)
    for one in upgrades:
        direct = [o for o in upgrades if o.through == "application" and o.variant == "normal"]
        taken = any(other.accepted and other.path == one.path for other in direct)
        if one.through == "front" and one.status and not one.accepted and taken:
            places = list(nginx.places(one.path))
            if places and all(all(server_blocks.upgrade_passed(place)) for place in places):
                yield one


def _bad_gateway(nginx: Nginx) -> Iterator[Observation]:
    """502, while the application that the configuration names can be connected to."""
    tried = nginx.evidence.of(UpstreamTry)
    if tried and not any(one.failure for one in tried):
        for one in nginx.evidence.good(Exchange):
            if one.port == nginx.evidence.target.port and one.status == 502:
                yield one
