"""The server admits only clients with a certificate of their own (mutual TLS).

nginx completes the handshake and responds with 400 in HTTP. Other servers send alert 116 (RFC 8446
section 4.4.2.4), which comes after the handshake in TLS 1.3, or alert 40 in TLS 1.2. A server that
only asks for a certificate and continues without one is healthy.

A person must confirm the fix, because it lets everybody in.
"""

from collections.abc import Iterator

from checks.tls import failure_groups
from checks.tls._client_certificates import asked_behind, lacks_certificate
from checks.tls._nginx_settings import TargetSettings, target_settings
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    endpoints,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake

_CERTIFICATE_REQUIRED = 116


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=[
        "server.application-answers",
        "http.server-error",
        "websocket.not-upgraded",
        "websocket.unauthorized",
    ],
)
def client_certificate_required(evidence: Evidence) -> Iterator[Claim]:
    observations: list[Observation] = []
    for group in failure_groups(evidence, "client-certificate-required"):
        observations += group.visits
    observations += (
        exchange
        for exchange in evidence.of(Exchange)
        if _is_refused(exchange, evidence.target.port) and not asked_behind(evidence, exchange)
    )
    settings = target_settings(evidence, "ssl_verify_client")
    is_sure = bool(observations)
    if not is_sure and not _is_optional(settings):
        observations += _closed_exchanges(evidence)
    if not observations:
        return
    port = evidence.target.port
    addresses = dict.fromkeys(
        observation.address
        for observation in observations
        if isinstance(observation, (Handshake, Exchange))
    )
    subjects = endpoints(addresses, port)
    fix = _fix(settings) if settings else None
    # Imported late: only a finding needs it.
    from checks.tls._corrections import correction

    corrected = correction(evidence, settings, fix, "no-client-certificate", "decide")
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(observations),
        confidence=Confidence.CERTAIN if is_sure else Confidence.LIKELY,
        facts={
            "addresses": tuple(addresses),
            "port": port,
            "closed": not is_sure,
            "name": evidence.target.host,
            "place": corrected.place,
        },
        location=corrected.location,
        fix=corrected.fix,
    )


def _fix(settings: TargetSettings) -> Fix | None:
    """Turn the requirement off for the site's own block only, wherever the line is."""
    enabled_settings = [setting for setting in settings.settings if setting.args[:1] == ("on",)]
    steps = settings.steps([(setting, "ssl_verify_client off;") for setting in enabled_settings])
    return Fix(steps, Applicability.REVIEW) if steps else None


def _is_optional(settings: TargetSettings | None) -> bool:
    """Return whether nginx's own file says that a certificate may be left out."""
    if settings is None or not settings.settings:
        return False
    return all(setting.args[:1] != ("on",) for setting in settings.settings)


def _closed_exchanges(evidence: Evidence) -> list[Exchange]:
    """Return the requests whose connection was closed without an answer, by a server that asks for
    a certificate: nginx with `return 444` for those who have none, HAProxy with `verify required`
    behind its own rules."""
    asking = {
        handshake.address
        for handshake in evidence.good(Handshake)
        if handshake.wants_client_certificate and handshake.port == evidence.target.port
    }
    pages = [page for page in evidence.of(Exchange) if page.purpose == "target"]
    is_closed = all(page.failure and page.failure.kind in {"closed", "reset"} for page in pages)
    return [page for page in pages if page.address in asking] if is_closed else []


def _is_refused(exchange: Exchange, port: int) -> bool:
    if exchange.port != port or not exchange.is_of_visit:
        return False
    if exchange.failure is not None:
        return exchange.failure.kind == "alert" and exchange.failure.code == _CERTIFICATE_REQUIRED
    return lacks_certificate(exchange)
