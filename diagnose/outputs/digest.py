"""What an observation says, on one line. An unknown kind says its failure, or nothing.

Kinds are told apart by their names: to import them all would cost more than to write them.
"""

from collections.abc import Callable
from typing import Any

from diagnose.model import Observation


def digest(seen: Observation) -> str:
    """Subject and outcome, in the machine's own words; they are not translated."""
    said = _KINDS.get(type(seen).__name__)
    subject, outcome = said(seen) if said else (type(seen).__name__, "")
    if seen.failure is not None:
        code = f" ({seen.failure.name})" if seen.failure.name else ""
        outcome = f"{seen.failure.message}{code}{_icmp(getattr(seen, 'icmp', None))}"
    return f"{subject}: {outcome}" if subject and outcome else subject or outcome


def _icmp(error: Any) -> str:
    """Type, code and sender of the ICMP error that ended an attempt."""
    if error is None:
        return ""
    sender = "this machine" if error.local else error.sender
    return f"; ICMP {error.type}/{error.code} from {sender}"


def _joined(values: Any) -> str:
    return ", ".join(str(value) for value in values) or "none"


def _endpoint(seen: Any) -> str:
    return f"[{seen.address}]:{seen.port}" if ":" in seen.address else f"{seen.address}:{seen.port}"


def _handshake(seen: Any) -> tuple[str, str]:
    names = seen.chain[0].dns_names if seen.chain else ()
    parts = [seen.protocol, seen.verify_message, f"for {_joined(names[:4])}" if names else ""]
    variant = "" if seen.variant == "normal" else f" ({seen.variant})"
    return f"TLS with {_endpoint(seen)}{variant}", "; ".join(part for part in parts if part)


def _exchange(seen: Any) -> tuple[str, str]:
    location = seen.header("location") if seen.status and 300 <= seen.status < 400 else None
    arrow = f" -> {location}" if location else ""
    return f"{seen.method} {seen.url}", f"{seen.status} {seen.reason}".rstrip() + arrow


def _upgrade(seen: Any) -> tuple[str, str]:
    variant = "" if seen.variant == "normal" else f" ({seen.variant})"
    through = "" if seen.through == "front" else f" ({seen.through})"
    answer = f"{seen.status} {seen.reason}".rstrip()
    return f"WebSocket {seen.url}{variant}{through}", answer


def _listeners(seen: Any) -> tuple[str, str]:
    found = (f"{_endpoint(one)} {one.process or ''}".rstrip() for one in seen.sockets[:12])
    return "listening", _joined(found)


def _zone(seen: Any) -> tuple[str, str]:
    kept = "permanent" if seen.permanent else "running"
    ports = [f"{one.low}-{one.high}" if one.low != one.high else str(one.low) for one in seen.ports]
    opened = [*seen.services, *ports]
    where = f" on {_joined(seen.interfaces)}" if seen.interfaces else ""
    return f"zone {seen.name} ({kept}){where}", f"opens {_joined(opened)}"


def _test(seen: Any) -> tuple[str, str]:
    first = seen.messages[0].text if seen.messages else ""
    return "nginx -t", first or ("passed" if seen.passed else "failed")


_KINDS: dict[str, Callable[[Any], tuple[str, str]]] = {
    "Resolution": lambda seen: (f"{seen.name} (IPv{seen.family})", _joined(seen.addresses)),
    "DnsAnswer": lambda seen: (
        f"{seen.name} {seen.rdtype} from {seen.server}",
        f"{seen.rcode} {', '.join((*seen.aliases, *seen.records))}".rstrip(),
    ),
    "HostsEntry": lambda seen: (f"{seen.file}:{seen.line}", seen.text),
    "ResolverConfig": lambda seen: (seen.file, _joined(seen.servers)),
    "Connection": lambda seen: (_endpoint(seen), "connected"),
    "Walk": lambda seen: (
        f"path to {_endpoint(seen)}",
        _joined(hop.sender or "*" for hop in seen.hops),
    ),
    "Handshake": _handshake,
    "Revocation": lambda seen: (f"certificate {seen.serial}", seen.status),
    "Exchange": _exchange,
    "Upgrade": _upgrade,
    "Clock": lambda seen: (f"clock against {seen.source}", f"{seen.ahead_s:+.0f} s"),
    "Listeners": _listeners,
    "Listener": lambda seen: (_endpoint(seen), seen.process or "listening"),
    "Interface": lambda seen: (
        f"{seen.name} {'up' if seen.up else 'down'}",
        _joined(seen.addresses),
    ),
    "Route": lambda seen: (
        f"route from {seen.source} to {seen.towards}",
        f"{seen.gateway} {seen.device}".strip(),
    ),
    "PidFile": lambda seen: (seen.path, "missing" if seen.pid is None else f"pid {seen.pid}"),
    "Zone": _zone,
    "Firewalld": lambda seen: (
        "firewalld",
        f"running, default zone {seen.default_zone}" if seen.running else "not running",
    ),
    "NginxBuild": lambda seen: (seen.binary, f"nginx {seen.version}"),
    "NginxState": lambda seen: (
        "nginx",
        f"running, pid {_joined(one.pid for one in seen.masters)}"
        if seen.masters
        else "not running"
        if seen.installed
        else "not installed",
    ),
    "NginxTest": _test,
    "NginxConfig": lambda seen: (seen.path, f"{len(seen.files)} files read"),
    "UpstreamTry": lambda seen: (
        f"application {seen.target}",
        "" if seen.status is None else f"answers {seen.status}",
    ),
    "Host": lambda seen: (seen.hostname, seen.system),
    "Unseen": lambda seen: (seen.what, seen.why),
}
