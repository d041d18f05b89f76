"""The port at which a site is asked, where only the words about it name one."""

from dataclasses import replace

from diagnose.model import Target
from diagnose.model.symptom import SymptomKind
from diagnose.parsers.target import PORTS, UsageError, parse_target
from diagnose.parsers.told_ports import told_port

#: Kinds that say that no answer came from a port, or what its certificate is.
_OF_A_PORT: frozenset[SymptomKind] = frozenset(
    {
        "refused", "unreachable", "timeout", "not-connected", "reset", "closed",
        "certificate-expired", "certificate-name", "certificate-self-signed",
        "certificate-untrusted", "certificate-issuer", "certificate", "tls", "tls-plain",
        "tls-version", "tls-parameters", "tls-name", "not-outside", "unusable", "other",
    }
)  # fmt: skip


def at_told_port(site: Target, words: str) -> Target:
    """Return the site at the port that the words say fails, where its address names none: what the
    usual port answers is then no answer to them."""
    kind = site.symptom.kind if site.symptom else None
    if kind not in _OF_A_PORT or site.is_websocket or site.port != PORTS.get(site.scheme):
        return site
    port = told_port(words)
    if port is None or port in PORTS.values() or f"{site.host}:{site.port}" in words:
        return site
    is_written = f"{site.scheme}://{site.host}" in f"{site.input} {words}"
    host = f"[{site.host}]" if ":" in site.host else site.host
    start = f"{site.scheme}://" if is_written else ""
    try:
        at_port = parse_target(f"{start}{host}:{port}{site.path if site.path != '/' else ''}")
    except UsageError:
        return site
    return replace(
        site, scheme=at_port.scheme, port=at_port.port, read_as=at_port.read_as or site.read_as
    )
