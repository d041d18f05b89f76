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
    if seen.ended:
        answer += f"; then {seen.ended} {seen.close_code or ''} {seen.close_reason}".rstrip()
    return f"WebSocket {seen.url}{variant}{through}", answer


def _listeners(seen: Any) -> tuple[str, str]:
    found = (f"{_endpoint(one)} {one.process or ''}".rstrip() for one in seen.sockets[:12])
    return "listening", _joined(found)


def _zone(seen: Any) -> tuple[str, str]:
    bound = (*seen.interfaces, *seen.sources)
    where = f" on {_joined(bound)}" if bound else ""
    return f"zone {seen.name} ({_kept(seen)}){where}", _opens(seen, "default")


def _policy(seen: Any) -> tuple[str, str]:
    ways = f"{_joined(seen.ingress)} to {_joined(seen.egress)}"
    return f"policy {seen.name} ({_kept(seen)}) from {ways}", _opens(seen, "CONTINUE")


def _kept(seen: Any) -> str:
    return "permanent" if seen.permanent else "running"


def _opens(seen: Any, usual: str) -> str:
    ports = [f"{one.low}-{one.high}" if one.low != one.high else str(one.low) for one in seen.ports]
    rules = [*seen.rich_rules[:4], *seen.forward_ports[:4]]
    target = "" if seen.target == usual else f"target {seen.target}; "
    return "; ".join((f"{target}opens {_joined((*seen.services, *ports))}", *rules))


def _firewalld(seen: Any) -> tuple[str, str]:
    mode = ", panic mode" if seen.panic else ""
    state = f"running, default zone {seen.default_zone}{mode}" if seen.running else "not running"
    return "firewalld", state


def _until(certificate: Any) -> str:
    if certificate.not_after is None:
        return "dates not read"
    return f"valid until {certificate.not_after:%Y-%m-%d %H:%M} UTC"


def _access(seen: Any) -> tuple[str, str]:
    shown = seen.closed or seen.parts[-1:]
    parts = (
        " ".join(filter(None, (f"{p.mode:04o} {p.user}:{p.group}", p.label, p.path))) for p in shown
    )
    reader = f" for {seen.user}" if seen.user else ""
    return f"{seen.path}{reader}", _joined(parts)


def _kernel(seen: Any) -> tuple[str, str]:
    paths = [f"{name} {value}" for name, value in seen.reverse_path[:6]]
    known = [f"rp_filter {', '.join(paths)}"] if paths else []
    known += [f"nf_conntrack_max {seen.trackable}"] if seen.trackable else []
    return "kernel", "; ".join(known) or "no settings"


def _test(seen: Any) -> tuple[str, str]:
    first = seen.messages[0].text if seen.messages else ""
    return "nginx -t", first or ("passed" if seen.passed else "failed")


def _at(seen: Any) -> str:
    """Where an application was tried, if its target does not say so."""
    where = f"unix:{seen.socket}" if seen.socket else _endpoint(seen) if seen.address else ""
    return f" at {where}" if where and where not in seen.target else ""


def _talk(seen: Any) -> tuple[str, str]:
    name = f" as {seen.server_name}" if seen.server_name else " without a name"
    how = f"TLS{name}" if seen.speaks == "https" else "plain HTTP"
    done = f"answers {seen.status}" if seen.status else seen.protocol or "handshake done"
    return f"application {seen.target}{_at(seen)}, {how}", done


def _ruleset(seen: Any) -> tuple[str, str]:
    rule = '{"rule": {' if seen.tool == "nft" else "-A "
    return f"rules ({seen.tool})", f"{seen.text.count(rule)} rules"


_KINDS: dict[str, Callable[[Any], tuple[str, str]]] = {
    "Resolution": lambda seen: (f"{seen.name} (IPv{seen.family})", _joined(seen.addresses)),
    "DnsAnswer": lambda seen: (
        f"{seen.name} {seen.rdtype} from {seen.server}",
        f"{seen.rcode} {', '.join((*seen.aliases, *seen.records))}".rstrip(),
    ),
    "HostsEntry": lambda seen: (f"{seen.file}:{seen.line}", seen.text),
    "ResolverConfig": lambda seen: (seen.file, _joined(seen.servers)),
    "Connection": lambda seen: (_endpoint(seen), "connected"),
    "Proxy": lambda seen: (f"proxy ({seen.source})", seen.url),
    "Uplink": lambda seen: (f"way to {seen.towards}", f"from {seen.source}"),
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
    "Ruleset": _ruleset,
    "RulesFile": lambda seen: (seen.path, f"{len(seen.text.splitlines())} lines"),
    "Policy": _policy,
    "IpSet": lambda seen: (f"set {seen.name} ({_kept(seen)})", _joined(seen.entries[:12])),
    "Firewalld": _firewalld,
    "Containers": lambda seen: (
        "containers",
        _joined(
            [one.name for one in seen.containers[:12]]
            or [f"{_joined(one.processes[:1])} (pid {one.pid})" for one in seen.namespaces[:12]]
        ),
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
        f"application {seen.target}{_at(seen)}",
        "connected" if seen.status is None else f"answers {seen.status}",
    ),
    "UpstreamTalk": _talk,
    "UpstreamSocket": lambda seen: (
        seen.path,
        f"{seen.above[0].mode} {seen.above[0].owner}:{seen.above[0].group}" if seen.above else "",
    ),
    "Selinux": lambda seen: (
        "SELinux",
        ", ".join([seen.mode, *(f"{name} {'on' if on else 'off'}" for name, on in seen.booleans)]),
    ),
    "ServerNames": lambda seen: ("/etc/resolv.conf", _joined(seen.resolvers)),
    "LogLine": lambda seen: (
        f"{seen.file} [{seen.level}]",
        seen.text + (f" ({seen.times} times)" if seen.times > 1 else ""),
    ),
    "OpenFiles": lambda seen: (f"open files of process {seen.pid}", f"at most {seen.soft}"),
    "SiteFile": lambda seen: (
        f"{seen.path}:{seen.line}",
        f"server_name {' '.join(seen.names)}; not included",
    ),
    "ErrorLog": lambda seen: (f"{seen.file}{' (again)' if seen.again else ''}", "read"),
    "Kernel": _kernel,
    "Counters": lambda seen: (
        "counters",
        _joined(
            [f"{one.name} {one.value}" for one in seen.values if one.value]
            + ([f"nf_conntrack_count {seen.tracked}"] if seen.tracked else [])
        ),
    ),
    "Queues": lambda seen: (
        "waiting",
        _joined(f"{one.waiting} of {one.limit} on {one.port}" for one in seen.queues[:12]),
    ),
    "Arrival": lambda seen: (
        f"from {seen.source} to {seen.address} by {seen.device}",
        "taken in",
    ),
    "Capture": lambda seen: (
        f"SYNs for port {seen.port} in {seen.took:.0f} s",
        _joined(seen.sources[:6]),
    ),
    "HalfOpen": lambda seen: (f"SYN-RECV on port {seen.port}", _joined(seen.sources[:6])),
    "Boot": lambda seen: (f"{seen.service} ({seen.manager})", seen.state or "not there"),
    "TimeSync": lambda seen: (
        "server's clock",
        {True: "synchronized", False: "not synchronized"}.get(seen.synchronized, "not known"),
    ),
    "Asked": lambda seen: (
        f"application {seen.target} asked for the host {seen.sent or '(none)'}",
        f"{seen.status} {seen.reason}; {seen.head} bytes of header",
    ),
    "CertificateFile": lambda seen: (seen.path, _until(seen.chain[0]) if seen.chain else ""),
    "KeyFile": lambda seen: (seen.path, f"{seen.key_type} key".lstrip()),
    "OtherCertificate": lambda seen: (
        seen.path,
        _until(seen.leaf) + (f", its key in {seen.key}" if seen.key else ""),
    ),
    "RenewalFailure": lambda seen: (seen.tool, seen.message or f"failed: {seen.source}"),
    "OtherConfig": lambda seen: (seen.path, f"read by {seen.binary}, which does not run"),
    "NginxModules": lambda seen: (seen.folder, _joined(seen.names)),
    "NginxStart": lambda seen: (
        seen.source,
        " ".join(one.text for one in seen.messages[-1:])
        or seen.line
        or (f"SELinux {seen.selinux}" if seen.selinux else f"{seen.unit} {seen.state}"),
    ),
    "Access": _access,
    "Visitor": lambda seen: ("judged for the visitor", seen.address),
    "Jails": lambda seen: (
        "fail2ban",
        _joined(f"{one.name} has banned {len(one.banned)}" for one in seen.jails[:12]),
    ),
    "ClosedRoutes": lambda seen: (
        "routes that lead nowhere",
        _joined(f"{one.kind} {one.network}" for one in seen.routes[:12]),
    ),
    "ReturnRoute": lambda seen: (
        f"route from {seen.source} to {seen.towards}",
        seen.refusal or "there is one",
    ),
    "Host": lambda seen: (seen.hostname, seen.system),
    "Unseen": lambda seen: (seen.what, seen.why),
}
