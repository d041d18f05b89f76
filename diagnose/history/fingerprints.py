"""The fingerprints of a run: short readable texts for things that may change under a site.

Two runs with equal fingerprints observed the same site. A fingerprint does not say what is right. A
key is the kind followed by the thing: "file /etc/nginx/nginx.conf". An empty text means that the
thing exists but was not observed completely. Of files, only a digest is kept; of private keys,
nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from diagnose.history.stable_rules import stable_lines
from diagnose.model import Evidence, Host, Report, Unseen, Vantage
from diagnose.model.dns import ADDRESS_TYPES, Resolution, final_answers
from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import (
    CertificateFile,
    ConfigFile,
    NginxConfig,
    NginxState,
    UpstreamTry,
)
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Certificate, Handshake
from diagnose.parsers.sanitize import clean

#: The largest length of a key or a text, in characters.
MAX_LENGTH = 300

#: The first port that the kernel assigns to clients by default (ip-sysctl, ip_local_port_range).
EPHEMERAL = 32768

FingerprintPairs = Iterator[tuple[str, str]]


def run_fingerprints(report: Report) -> Mapping[str, str]:
    """Return the fingerprints of a run, the most informative first."""
    fingerprints: dict[str, str] = {}
    for collect in _COLLECTORS:
        for key, text in collect(report):
            fingerprints.setdefault(clean(key, MAX_LENGTH), clean(text, MAX_LENGTH))
    return fingerprints


def complete_kinds(report: Report) -> frozenset[str]:
    """Return the kinds that were observed completely: a thing without a fingerprint does not
    exist."""
    evidence = report.evidence
    kinds = {
        "file": any(evidence.good(NginxConfig)),
        "certificate-file": any(evidence.good(CertificateFile)),
        "rules": _rules_are_complete(evidence),
        "listener": any(evidence.good(Listeners)),
        "application": any(evidence.of(UpstreamTry)),
    }
    states = {_state_text(zone.permanent) for zone in evidence.good(Zone)}
    return frozenset(
        [kind for kind, is_complete in kinds.items() if is_complete]
        + [f"{kind} {state}" for kind in ("zone", "policy") for state in states]
    )


def _rules_are_complete(evidence: Evidence) -> bool:
    rulesets = evidence.of(Ruleset)
    are_hidden = any("rules" in unseen.what for unseen in evidence.of(Unseen))
    return bool(rulesets) and not are_hidden and all(not ruleset.failure for ruleset in rulesets)


def kind_of(key: str) -> str:
    """Return the kind of a fingerprint's key: "file", "zone (running)"."""
    kind = key.partition(" ")[0]
    if kind in {"zone", "policy", "set"}:
        return f"{'policy' if kind == 'policy' else 'zone'} {key.rpartition(' ')[2]}"
    return "certificate-file" if key.startswith("certificate in ") else kind


# Visible from outside


def _addresses(report: Report) -> FingerprintPairs:
    """The addresses according to DNS, or to the system resolver if DNS did not answer."""
    answers = final_answers(report.evidence)
    for family, rdtype in ADDRESS_TYPES.items():
        answer = answers.get(rdtype)
        if answer and not answer.failure and answer.rcode in {"NOERROR", "NXDOMAIN"}:
            yield f"address (IPv{family})", _sorted_list(answer.records)
    for resolution in report.evidence.good(Resolution):
        if resolution.via in {"system", "dns"}:
            yield f"address (IPv{resolution.family})", _sorted_list(resolution.addresses)


def _served_certificates(report: Report) -> FingerprintPairs:
    leaves = {
        _certificate_text(handshake.chain[0])
        for handshake in report.evidence.good(Handshake)
        if handshake.is_browser_like and handshake.chain and handshake.vantage is Vantage.HERE
    }
    if leaves:
        yield "certificate", "; ".join(sorted(leaves))


# nginx


def _server_name(report: Report) -> FingerprintPairs:
    for host in report.evidence.good(Host):
        if host.vantage is Vantage.SERVER:
            yield "server", host.hostname


def _nginx_load_time(report: Report) -> FingerprintPairs:
    for state in report.evidence.good(NginxState):
        master = next(iter(state.own_masters), None)
        if master is not None:
            yield "nginx loaded", timestamp(master.loaded or master.started)
        elif state.installed and not state.masters:
            yield "nginx loaded", "not running"


def _certificate_files(report: Report) -> FingerprintPairs:
    for file in report.evidence.good(CertificateFile):
        text = _certificate_text(file.chain[0]) if file.chain else f"sha256 {file.sha256[:12]}"
        yield f"certificate in {file.path}", text


def _application_outcomes(report: Report) -> FingerprintPairs:
    outcomes_by_endpoint: dict[str, set[str]] = {}
    for attempt in report.evidence.of(UpstreamTry):
        outcomes_by_endpoint.setdefault(attempt.endpoint, set()).add(
            attempt.failure.kind if attempt.failure else "open"
        )
    for endpoint, outcomes in outcomes_by_endpoint.items():
        yield f"application {endpoint}", _sorted_list(outcomes)


def _config_files(report: Report) -> FingerprintPairs:
    """Files that mention the target come first."""
    host = report.evidence.target.host
    for config in report.evidence.good(NginxConfig):
        for file in sorted(config.files, key=lambda config_file: host not in config_file.text):
            yield f"file {file.path}", _file_text(file)


def _file_text(file: ConfigFile) -> str:
    return f"{_digest(file.text)} {timestamp(file.changed)}".rstrip()


# Listening sockets


def _own_listeners(report: Report) -> FingerprintPairs:
    for socket in _sockets(report):
        if socket.port == report.evidence.target.port:
            yield _listener_pair(socket)


def _other_listeners(report: Report) -> FingerprintPairs:
    for socket in _sockets(report):
        if socket.port < EPHEMERAL:
            yield _listener_pair(socket)


def _sockets(report: Report) -> Iterable[Listener]:
    return (socket for listeners in report.evidence.good(Listeners) for socket in listeners.sockets)


def _listener_pair(listener: Listener) -> tuple[str, str]:
    address = f"[{listener.address}]" if ":" in listener.address else listener.address
    return f"listener {address}:{listener.port}", listener.process or ""


# The firewall


def _firewalld_daemon(report: Report) -> FingerprintPairs:
    for daemon in report.evidence.good(Firewalld):
        parts = ["running" if daemon.running else "not running"]
        parts += [f"default zone {daemon.default_zone}"] * bool(daemon.default_zone)
        parts += ["panic mode"] * daemon.panic
        parts += [f"direct rule {rule}" for rule in daemon.direct]
        yield "firewalld", _joined_parts(parts)


def _zones(report: Report) -> FingerprintPairs:
    for zone in report.evidence.good(Zone):
        bound = [
            *(f"interface {interface}" for interface in sorted(zone.interfaces)),
            *(f"source {source}" for source in sorted(zone.sources)),
        ]
        yield (
            f"zone {zone.name} {_state_text(zone.permanent)}",
            _joined_parts([*bound, *_zone_parts(zone)]),
        )


def _policies(report: Report) -> FingerprintPairs:
    for policy in report.evidence.good(Policy):
        directions = [
            *(f"from {ingress}" for ingress in sorted(policy.ingress)),
            *(f"to {egress}" for egress in sorted(policy.egress)),
        ]
        yield (
            f"policy {policy.name} {_state_text(policy.permanent)}",
            _joined_parts([*directions, *_zone_parts(policy)]),
        )


def _address_sets(report: Report) -> FingerprintPairs:
    for ipset in report.evidence.good(IpSet):
        if ipset.whole:
            parts = [f"entry {entry}" for entry in sorted(ipset.entries)]
            yield (
                f"set {ipset.name} {_state_text(ipset.permanent)}",
                _joined_parts(parts) or "empty",
            )


def _zone_parts(zone: Zone | Policy) -> Iterator[str]:
    yield f"target {zone.target}"
    if zone.priority != (-1 if isinstance(zone, Policy) else 0):
        yield f"priority {zone.priority}"
    yield from (f"service {service}" for service in sorted(zone.services))
    yield from sorted(f"port {_port_text(port)}" for port in zone.ports)
    yield from (f"rich {rule}" for rule in sorted(zone.rich_rules))
    yield from (f"forward {forward}" for forward in sorted(zone.forward_ports))


def _port_text(port: PortRange) -> str:
    last = "" if port.high == port.low else f"-{port.high}"
    return f"{port.low}{last}/{port.protocol}"


def _state_text(permanent: bool) -> str:
    return "(permanent)" if permanent else "(running)"


# The packet filter


def _rulesets(report: Report) -> FingerprintPairs:
    for ruleset in report.evidence.good(Ruleset):
        lines = stable_lines(ruleset)
        count = sum(1 for line in lines if line.startswith(("-A ", '{"rule"')))
        count_text = f"{count} rules, " if ruleset.tool != "ipset" else ""
        yield f"rules {ruleset.tool}", f"{count_text}sha256 {_digest(chr(10).join(lines))}"


# Formatting


def timestamp(seconds: float | None) -> str:
    """Format as RFC 3339, to the second; "" for None."""
    try:
        moment = datetime.fromtimestamp(seconds or 0, UTC)
    except (OverflowError, OSError, ValueError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""


def _certificate_text(leaf: Certificate) -> str:
    until = f", until {leaf.not_after:%Y-%m-%d %H:%M} UTC" if leaf.not_after else ""
    return f"serial {leaf.serial[:40]}{until}"


def _sorted_list(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values))) or "none"


def _joined_parts(parts: Iterable[str]) -> str:
    """Join parts so that they can be split again. If the result is too long, a digest of all parts
    comes first."""
    joined = "; ".join(part.replace(";", ",") for part in parts)
    return joined if len(joined) <= MAX_LENGTH else f"sha256 {_digest(joined)}; {joined}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


_COLLECTORS = (
    _server_name,
    _addresses,
    _served_certificates,
    _nginx_load_time,
    _certificate_files,
    _firewalld_daemon,
    _zones,
    _policies,
    _address_sets,
    _rulesets,
    _application_outcomes,
    _own_listeners,
    _config_files,
    _other_listeners,
)
