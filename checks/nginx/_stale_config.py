"""What visitors see while nginx runs with an older configuration than the one on disk."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._stale_answers import stale_answer_symptoms
from checks.nginx._stray_locations import stray_failures
from checks.tls import visits_fail
from diagnose.model import Observation, Severity
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.nginx import CertificateFile, UpstreamTry
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.stray_pages import stray_page


def refused_config_severity(nginx: Nginx) -> Severity | None:
    """Return a note if another program serves the site well and nobody asks for nginx, a warning
    for an error of the configuration on disk, if nginx serves visitors with the
    one that it loaded before; None, the check's own severity, if it does not run, or if visitors
    miss something because of it."""
    answers = [page.status or 500 for page in page_exchanges(nginx.evidence)]
    is_served = bool(answers) and max(answers) < 500
    if nginx.is_idle and is_served and not nginx.evidence.target.symptom:
        return Severity.NOTE
    port = nginx.evidence.target.port
    is_closed = any(not listeners.on(port) for listeners in nginx.evidence.good(Listeners))
    if nginx.master is None or is_closed or visits_fail(nginx.evidence):
        return None
    is_missed = nginx.config is not None and any(True for _ in stale_config_symptoms(nginx))
    return None if is_missed else Severity.WARNING


def stale_config_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield the symptoms that the configuration on disk would correct."""
    yield from _closed_port_symptoms(nginx)
    yield from _plain_http_symptoms(nginx)
    yield from _certificate_symptoms(nginx)
    yield from _websocket_symptoms(nginx)
    yield from _bad_gateway_symptoms(nginx)
    yield from _default_page_symptoms(nginx)
    yield from stale_answer_symptoms(nginx)
    yield from stray_failures(nginx)


def _closed_port_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield the closed port: nginx would listen there, and nothing does."""
    refusals = [
        connection
        for connection in nginx.evidence.of(Connection)
        if connection.failure and connection.failure.kind == "refused"
    ]
    for listeners in nginx.evidence.good(Listeners):
        ports = {connection.port for connection in refusals} | {nginx.evidence.target.port}
        missing = {port for port in ports if nginx.listen_sockets(port) and not listeners.on(port)}
        yield from (connection for connection in refusals if connection.port in missing)
        if nginx.evidence.target.port in missing:
            yield listeners


def _plain_http_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield plain HTTP responses where nginx would speak TLS."""
    if nginx.selected_servers() and all(
        selected_server.socket.ssl for selected_server in nginx.selected_servers()
    ):
        for handshake in nginx.evidence.of(Handshake):
            if handshake.port == nginx.evidence.target.port and handshake.received.startswith(
                "HTTP/"
            ):
                yield handshake


def _certificate_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield handshakes with another certificate than the one in the file of the block that would
    respond."""
    files = {file.sha256 for file in nginx.evidence.good(CertificateFile) if file.sha256}
    for handshake in nginx.evidence.of(Handshake):
        normal = handshake.port == nginx.evidence.target.port and handshake.variant in {
            "normal",
            "unverified",
        }
        if normal and files and handshake.chain and handshake.chain[0].sha256 not in files:
            yield handshake


def _websocket_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield refused handshakes that the location would forward and the application accepts."""
    upgrades = nginx.evidence.good(Upgrade)
    for upgrade in upgrades:
        direct_upgrades = [
            upgrade
            for upgrade in upgrades
            if upgrade.through == "application" and upgrade.variant == "normal"
        ]
        application_accepts = any(
            direct_upgrade.accepted and direct_upgrade.path == upgrade.path
            for direct_upgrade in direct_upgrades
        )
        if (
            upgrade.through == "front"
            and upgrade.status
            and not upgrade.accepted
            and application_accepts
        ):
            location_matches = list(nginx.location_matches(upgrade.path))
            if location_matches and all(
                all(upgrade_forwarding(location_match)) for location_match in location_matches
            ):
                yield upgrade


def _bad_gateway_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield 502 responses although the application in the configuration accepts connections."""
    upstream_tries = nginx.evidence.of(UpstreamTry)
    if upstream_tries and not any(upstream_try.failure for upstream_try in upstream_tries):
        for exchange in nginx.evidence.good(Exchange):
            if exchange.port == nginx.evidence.target.port and exchange.status == 502:
                yield exchange


def _default_page_symptoms(nginx: Nginx) -> Iterator[Observation]:
    """Yield the page of a new web server where nginx would ask an application, also after its index
    or try_files: the site was written after the last start."""
    selections = nginx.answering_servers()
    path = nginx.evidence.target.path
    if not selections or not all(
        pass_directive_of(final_location(selection.server, path)) for selection in selections
    ):
        return
    for page in page_exchanges(nginx.evidence):
        stray = stray_page(page.status, page.body)
        if stray is not None and stray.kind == "default":
            yield page
