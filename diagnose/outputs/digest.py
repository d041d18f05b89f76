"""Describes an observation on one line. For an unknown kind it returns the failure or nothing.

Kinds are identified by name, because importing all of them takes longer than writing the report.
"""

from collections.abc import Callable
from typing import Any

from diagnose.model import Observation


def digest(observation: Observation) -> str:
    """Return subject and outcome. Machine messages are not translated."""
    describe = _DESCRIBERS.get(type(observation).__name__)
    subject, outcome = describe(observation) if describe else (type(observation).__name__, "")
    if observation.failure is not None:
        code = f" ({observation.failure.name})" if observation.failure.name else ""
        outcome = f"{observation.failure.message}{code}{_icmp(getattr(observation, 'icmp', None))}"
    return f"{subject}: {outcome}" if subject and outcome else subject or outcome


def _icmp(error: Any) -> str:
    """Return type, code and sender of the ICMP error that ended an attempt."""
    if error is None:
        return ""
    sender = "this machine" if error.local else error.sender
    return f"; ICMP {error.type}/{error.code} from {sender}"


def _joined(values: Any) -> str:
    return ", ".join(str(value) for value in values) or "none"


def _endpoint(socket: Any) -> str:
    return (
        f"[{socket.address}]:{socket.port}"
        if ":" in socket.address
        else f"{socket.address}:{socket.port}"
    )


def _handshake(handshake: Any) -> tuple[str, str]:
    names = handshake.chain[0].dns_names if handshake.chain else ()
    parts = [
        handshake.protocol,
        handshake.verify_message,
        f"for {_joined(names[:4])}" if names else "",
    ]
    variant = "" if handshake.variant == "normal" else f" ({handshake.variant})"
    return f"TLS with {_endpoint(handshake)}{variant}", "; ".join(part for part in parts if part)


def _exchange(exchange: Any) -> tuple[str, str]:
    location = (
        exchange.header("location") if exchange.status and 300 <= exchange.status < 400 else None
    )
    arrow = f" -> {location}" if location else ""
    return (
        f"{exchange.method} {exchange.url}",
        f"{exchange.status} {exchange.reason}".rstrip() + arrow,
    )


def _upgrade(upgrade: Any) -> tuple[str, str]:
    variant = "" if upgrade.variant == "normal" else f" ({upgrade.variant})"
    through = "" if upgrade.through == "front" else f" ({upgrade.through})"
    answer = f"{upgrade.status} {upgrade.reason}".rstrip()
    if upgrade.ended:
        answer += (
            f"; then {upgrade.ended} {upgrade.close_code or ''} {upgrade.close_reason}".rstrip()
        )
    return f"WebSocket {upgrade.url}{variant}{through}", answer


def _listeners(listeners: Any) -> tuple[str, str]:
    sockets = (
        f"{_endpoint(listener)} {listener.process or ''}".rstrip()
        for listener in listeners.sockets[:12]
    )
    return "listening", _joined(sockets)


def _zone(zone: Any) -> tuple[str, str]:
    bindings = (*zone.interfaces, *zone.sources)
    binding_text = f" on {_joined(bindings)}" if bindings else ""
    return f"zone {zone.name} ({_configuration(zone)}){binding_text}", _openings(zone, "default")


def _policy(policy: Any) -> tuple[str, str]:
    zones = f"{_joined(policy.ingress)} to {_joined(policy.egress)}"
    return f"policy {policy.name} ({_configuration(policy)}) from {zones}", _openings(
        policy, "CONTINUE"
    )


def _configuration(config: Any) -> str:
    return "permanent" if config.permanent else "running"


def _openings(config: Any, default_target: str) -> str:
    ports = [
        f"{port_range.low}-{port_range.high}"
        if port_range.low != port_range.high
        else str(port_range.low)
        for port_range in config.ports
    ]
    rules = [*config.rich_rules[:4], *config.forward_ports[:4]]
    target = "" if config.target == default_target else f"target {config.target}; "
    return "; ".join((f"{target}opens {_joined((*config.services, *ports))}", *rules))


def _firewalld(firewalld: Any) -> tuple[str, str]:
    mode = ", panic mode" if firewalld.panic else ""
    state = (
        f"running, default zone {firewalld.default_zone}{mode}"
        if firewalld.running
        else "not running"
    )
    return "firewalld", state


def _expiry(certificate: Any) -> str:
    if certificate.not_after is None:
        return "dates not read"
    return f"valid until {certificate.not_after:%Y-%m-%d %H:%M} UTC"


def _access(access: Any) -> tuple[str, str]:
    path_parts = access.denied_parts or access.parts[-1:]
    parts = (
        " ".join(filter(None, (f"{part.mode:04o} {part.user}:{part.group}", part.label, part.path)))
        for part in path_parts
    )
    reader = f" for {access.user}" if access.user else ""
    return f"{access.path}{reader}", _joined(parts)


def _kernel(kernel: Any) -> tuple[str, str]:
    paths = [f"{name} {value}" for name, value in kernel.reverse_path[:6]]
    settings = [f"rp_filter {', '.join(paths)}"] if paths else []
    settings += [f"nf_conntrack_max {kernel.trackable}"] if kernel.trackable else []
    return "kernel", "; ".join(settings) or "no settings"


def _test(nginx_test: Any) -> tuple[str, str]:
    first = nginx_test.messages[0].text if nginx_test.messages else ""
    return "nginx -t", first or ("passed" if nginx_test.passed else "failed")


def _upstream_location(upstream: Any) -> str:
    """Return where an application was tried, unless its target already says so."""
    location = (
        f"unix:{upstream.socket}"
        if upstream.socket
        else _endpoint(upstream)
        if upstream.address
        else ""
    )
    return f" at {location}" if location and location not in upstream.target else ""


def _upstream_variant(variant: Any) -> tuple[str, str]:
    name = f" as {variant.server_name}" if variant.server_name else " without a name"
    protocol = f"TLS{name}" if variant.speaks == "https" else "plain HTTP"
    outcome = (
        f"answers {variant.status}" if variant.status else variant.protocol or "handshake done"
    )
    return f"application {variant.target}{_upstream_location(variant)}, {protocol}", outcome


def _ruleset(ruleset: Any) -> tuple[str, str]:
    rule = '{"rule": {' if ruleset.tool == "nft" else "-A "
    return f"rules ({ruleset.tool})", f"{ruleset.text.count(rule)} rules"


_DESCRIBERS: dict[str, Callable[[Any], tuple[str, str]]] = {
    "Resolution": lambda resolution: (
        f"{resolution.name} (IPv{resolution.family})",
        _joined(resolution.addresses),
    ),
    "DnsAnswer": lambda answer: (
        f"{answer.name} {answer.rdtype} from {answer.server}",
        f"{answer.rcode} {', '.join((*answer.aliases, *answer.records))}".rstrip(),
    ),
    "HostsEntry": lambda hosts_entry: (f"{hosts_entry.file}:{hosts_entry.line}", hosts_entry.text),
    "ResolverConfig": lambda config: (config.file, _joined(config.servers)),
    "Connection": lambda connection: (_endpoint(connection), "connected"),
    "Proxy": lambda proxy: (f"proxy ({proxy.source})", proxy.url),
    "Uplink": lambda uplink: (f"way to {uplink.towards}", f"from {uplink.source}"),
    "Walk": lambda trace: (
        f"path to {_endpoint(trace)}",
        _joined(hop.sender or "*" for hop in trace.hops),
    ),
    "Handshake": _handshake,
    "Revocation": lambda revocation: (f"certificate {revocation.serial}", revocation.status),
    "Exchange": _exchange,
    "Upgrade": _upgrade,
    "Clock": lambda clock: (f"clock against {clock.source}", f"{clock.ahead_s:+.0f} s"),
    "Listeners": _listeners,
    "Listener": lambda listener: (_endpoint(listener), listener.process or "listening"),
    "Interface": lambda interface: (
        f"{interface.name} {'up' if interface.up else 'down'}",
        _joined(interface.addresses),
    ),
    "Route": lambda route: (
        f"route from {route.source} to {route.towards}",
        f"{route.gateway} {route.device}".strip(),
    ),
    "PidFile": lambda pid_file: (
        pid_file.path,
        "missing" if pid_file.pid is None else f"pid {pid_file.pid}",
    ),
    "Zone": _zone,
    "Ruleset": _ruleset,
    "RulesFile": lambda rules_file: (rules_file.path, f"{len(rules_file.text.splitlines())} lines"),
    "Policy": _policy,
    "IpSet": lambda ipset: (
        f"set {ipset.name} ({_configuration(ipset)})",
        _joined(ipset.entries[:12]),
    ),
    "Firewalld": _firewalld,
    "Containers": lambda containers: (
        "containers",
        _joined(
            [container.name for container in containers.containers[:12]]
            or [
                f"{_joined(namespace.processes[:1])} (pid {namespace.pid})"
                for namespace in containers.namespaces[:12]
            ]
        ),
    ),
    "NginxBuild": lambda build: (build.binary, f"nginx {build.version}"),
    "NginxState": lambda state: (
        "nginx",
        f"running, pid {_joined(master.pid for master in state.masters)}"
        if state.masters
        else "not running"
        if state.installed
        else "not installed",
    ),
    "NginxTest": _test,
    "NginxConfig": lambda config: (config.path, f"{len(config.files)} files read"),
    "UpstreamTry": lambda attempt: (
        f"application {attempt.target}{_upstream_location(attempt)}",
        "connected" if attempt.status is None else f"answers {attempt.status}",
    ),
    "UpstreamTalk": _upstream_variant,
    "UpstreamSocket": lambda socket: (
        socket.path,
        f"{socket.above[0].mode} {socket.above[0].owner}:{socket.above[0].group}"
        if socket.above
        else "",
    ),
    "Selinux": lambda selinux: (
        "SELinux",
        ", ".join(
            [selinux.mode, *(f"{name} {'on' if on else 'off'}" for name, on in selinux.booleans)]
        ),
    ),
    "ServerNames": lambda config: ("/etc/resolv.conf", _joined(config.resolvers)),
    "LogLine": lambda log_line: (
        f"{log_line.file} [{log_line.level}]",
        log_line.text + (f" ({log_line.times} times)" if log_line.times > 1 else ""),
    ),
    "OpenFiles": lambda limits: (f"open files of process {limits.pid}", f"at most {limits.soft}"),
    "SiteFile": lambda site_file: (
        f"{site_file.path}:{site_file.line}",
        f"server_name {' '.join(site_file.names)}; not included",
    ),
    "ErrorLog": lambda error_log: (
        f"{error_log.file}{' (again)' if error_log.again else ''}",
        "read",
    ),
    "Kernel": _kernel,
    "Counters": lambda counters: (
        "counters",
        _joined(
            [f"{counter.name} {counter.value}" for counter in counters.values if counter.value]
            + ([f"nf_conntrack_count {counters.tracked}"] if counters.tracked else [])
        ),
    ),
    "Queues": lambda queues: (
        "waiting",
        _joined(
            f"{queue.waiting} of {queue.limit} on {queue.port}" for queue in queues.queues[:12]
        ),
    ),
    "Arrival": lambda arrival: (
        f"from {arrival.source} to {arrival.address} by {arrival.device}",
        "taken in",
    ),
    "Capture": lambda capture: (
        f"SYNs for port {capture.port} in {capture.took:.0f} s",
        _joined(capture.sources[:6]),
    ),
    "HalfOpen": lambda half_open: (
        f"SYN-RECV on port {half_open.port}",
        _joined(half_open.sources[:6]),
    ),
    "Boot": lambda service: (
        f"{service.service} ({service.manager})",
        service.state or "not there",
    ),
    "TimeSync": lambda time_sync: (
        "server's clock",
        {True: "synchronized", False: "not synchronized"}.get(time_sync.synchronized, "not known"),
    ),
    "Asked": lambda response: (
        f"application {response.target} asked for the host {response.sent or '(none)'}",
        f"{response.status} {response.reason}; {response.head} bytes of header",
    ),
    "CertificateFile": lambda certificate_file: (
        certificate_file.path,
        _expiry(certificate_file.chain[0]) if certificate_file.chain else "",
    ),
    "KeyFile": lambda key_file: (key_file.path, f"{key_file.key_type} key".lstrip()),
    "OtherCertificate": lambda certificate: (
        certificate.path,
        _expiry(certificate.leaf) + (f", its key in {certificate.key}" if certificate.key else ""),
    ),
    "RenewalFailure": lambda renewal: (
        renewal.tool,
        renewal.message or f"failed: {renewal.source}",
    ),
    "OtherConfig": lambda config: (config.path, f"read by {config.binary}, which does not run"),
    "NginxModules": lambda modules: (modules.folder, _joined(modules.names)),
    "NginxStart": lambda start: (
        start.source,
        " ".join(message.text for message in start.messages[-1:])
        or start.line
        or (f"SELinux {start.selinux}" if start.selinux else f"{start.unit} {start.state}"),
    ),
    "Access": _access,
    "Visitor": lambda visitor: ("judged for the visitor", visitor.address),
    "Jails": lambda fail2ban: (
        "fail2ban",
        _joined(f"{jail.name} has banned {len(jail.banned)}" for jail in fail2ban.jails[:12]),
    ),
    "ClosedRoutes": lambda closed: (
        "routes that lead nowhere",
        _joined(f"{route.kind} {route.network}" for route in closed.routes[:12]),
    ),
    "ReturnRoute": lambda route: (
        f"route from {route.source} to {route.towards}",
        route.refusal or "there is one",
    ),
    "Host": lambda host: (host.hostname, host.system),
    "Unseen": lambda gap: (gap.what, gap.why),
}
