"""A client that sends no name in TLS (no SNI) does not get the site: its handshake is refused, or
it gets another certificate. Payment services, webhooks, health checks and old Java and Android are
such clients; every browser sends the name, so that the site is well for visitors.

Many sites share an address, and their default certificate is another site's. So it is asked only
where a message was pasted that such a client may have written, and said only where what it gets
fits the message.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from checks.tls._nginx_settings import target_settings
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Location,
    Manual,
    Severity,
    Symptom,
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.symptom import WITHOUT_NAME, SymptomKind
from diagnose.model.tls import Certificate, Handshake
from diagnose.parsers.hostnames import covers

#: How a server answers that wants a name (RFC 6066 section 3), with what a client writes then.
_REFUSALS: dict[str, set[SymptomKind]] = {
    "alert": {"callback", "tls", "tls-name"},
    "closed": {"callback", "tls", "closed"},
    "reset": {"callback", "tls", "reset"},
}
#: The alert of TLS that clients call a handshake failure (RFC 8446 section 6.2).
_HANDSHAKE_FAILURE = 40
#: The kinds of messages about each fault of a certificate.
_OF_NAMES = {"callback", "certificate-name", "certificate"}
_OF_DATES = {"callback", "certificate-expired", "certificate-date", "certificate"}
_OF_ISSUERS = {
    "callback",
    "certificate-self-signed",
    "certificate-issuer",
    "certificate-untrusted",
    "certificate",
}
#: Words of browsers, all of which send the name.
_BROWSER = re.compile(
    r"\b(?:NET::|ERR_[A-Z]|SSL_ERROR_|SEC_ERROR_|MOZILLA_PKIX_|Chrome|Firefox|Safari|Edge\b)"
    r"|connection is not private|connection isn[’']t private|不是私密连接|浏览器"
)
#: The shortest name that is looked for in a message.
_SHORTEST_NAME = 4


@check(
    severity=Severity.WARNING,
    needs=[Handshake],
    needs_message=True,
)
def name_needed(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind not in WITHOUT_NAME or _BROWSER.search(symptom.text):
        return
    visits = {visit.address: visit for visit in evidence.good(Handshake) if _is_visit(visit)}
    for nameless in evidence.of(Handshake):
        visit = visits.get(nameless.address)
        if nameless.variant != "no-sni" or visit is None:
            continue
        if _is_refused(nameless, symptom) or _has_fault(
            evidence.target.host, nameless, visit, symptom, evidence.started_at
        ):
            yield _claim(evidence, symptom, nameless, visit)
            return


def _is_visit(handshake: Handshake) -> bool:
    return handshake.variant == "normal" and bool(handshake.chain)


def _is_refused(nameless: Handshake, symptom: Symptom) -> bool:
    failure, alert = nameless.failure, nameless.alert
    if failure is None:
        return False
    if symptom.kind == "tls-parameters":
        return alert is not None and alert.code == _HANDSHAKE_FAILURE
    return symptom.kind in _REFUSALS.get(failure.kind, ())


def _has_fault(
    host: str, nameless: Handshake, visit: Handshake, symptom: Symptom, now: datetime
) -> bool:
    """Return whether the certificate for clients without a name has the fault of the message, and
    is not the site's own."""
    if not nameless.chain or nameless.chain[0].sha256 == visit.chain[0].sha256:
        return False
    leaf = nameless.chain[0]
    return (
        (symptom.kind in _OF_NAMES and not covers(host, _names(leaf), leaf.addresses))
        or (symptom.kind in _OF_DATES and leaf.is_expired(now))
        or (symptom.kind in _OF_ISSUERS and leaf.self_issued)
    )


def _names(leaf: Certificate) -> tuple[str, ...]:
    return leaf.dns_names or tuple(filter(None, (leaf.common_name,)))


def _claim(evidence: Evidence, symptom: Symptom, nameless: Handshake, visit: Handshake) -> Claim:
    subjects = endpoints((nameless.address,), nameless.port)
    leaf = next(iter(nameless.chain), None)
    names = _names(leaf) if leaf else ()
    place, location = _default_server(evidence)
    is_quoted = _is_quoted(symptom.text, names, _names(visit.chain[0]))
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(nameless, visit),
        confidence=Confidence.LIKELY if is_quoted else Confidence.POSSIBLE,
        location=location,
        facts={
            "name": evidence.target.host,
            "port": nameless.port,
            "refused": nameless.failure is not None,
            "names": names[:3],
            "expired": leaf is not None and leaf.is_expired(evidence.started_at),
            "quoted": is_quoted,
            "place": place,
            "command": nameless.equivalent,
        },
        fix=Fix(
            (Manual("send-the-name", Where.CLIENT), Manual("be-the-default", Where.SERVER)),
            Applicability.MANUAL,
        ),
    )


def _is_quoted(text: str, names: Iterable[str], own_names: Iterable[str]) -> bool:
    """Return whether the message has a name of the certificate for clients without a name, which
    the site's own certificate has not."""
    words = set(re.findall(r"[\w*][\w.*-]*\w", text.lower()))
    own = {name.lower() for name in own_names}
    return any(
        name.lower() in words and name.lower() not in own and len(name) >= _SHORTEST_NAME
        for name in names
    )


def _default_server(evidence: Evidence) -> tuple[str, Location | None]:
    """Return nginx's block that answers without a name, if it is not the site's own: "file:line",
    and its location."""
    settings = target_settings(evidence, "server_name", early=True)
    if settings is None or not settings.affects_other_sites:
        return "", None
    block = settings.settings[0].server.block
    return f"{block.file}:{block.line}", settings.nginx.location(block)
