"""Parse containers from docker's and podman's output, and network namespaces from /proc. No I/O."""

import ipaddress
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from diagnose.model.containers import (
    BindMount,
    ComposeService,
    Container,
    ContainerLabel,
    ContainerPort,
    Namespace,
    State,
)
from diagnose.parsers.linux.service_managers import unit_of
from diagnose.parsers.sanitize import clean

#: Most containers, and most ports of one container, that are read.
MAX_ITEMS = 200

_ID = re.compile(r"[0-9a-f]{64}")

#: The labels of docker compose that are read, after "com.docker.compose." (pkg/api/labels.go).
_COMPOSE_LABELS = (
    *("project", "service", "version", "project.working_dir", "project.config_files"),
    "project.environment_file",
    "depends_on",
)

#: Labels that Traefik reads ("Traefik & Docker"): of routers, services and the container; and
#: those of middlewares, whose values hold passwords.
_TRAEFIK_LABEL = re.compile(
    r"traefik\.(?:enable|docker\.network|http\.(?:routers|services)\.[^.]+(?:\..+)?)\Z",
    re.IGNORECASE,
)
_TRAEFIK_MIDDLEWARE = re.compile(r"traefik\.http\.middlewares\.[^.]+\..+", re.IGNORECASE)
#: What a middleware `headers` sends to visitors, who see it anyway.
_TRAEFIK_RESPONSE = re.compile(
    r"traefik\.http\.middlewares\.[^.]+\.headers\.(?:accesscontrol\w{1,40}|framedeny"
    r"|customframeoptionsvalue|contentsecuritypolicy|permissionspolicy|referrerpolicy"
    r"|customresponseheaders\.[\w-]{1,100})\Z",
    re.IGNORECASE,
)

_STATES: dict[str, State] = {state: state for state in get_args(State)}

#: Lines that say why a program could not start: of nginx, and of others as they usually say it.
_FATAL = re.compile(r"\[emerg\]|\b(?:fatal|panic|error)\b", re.IGNORECASE)

#: What docker, containerd and runc put before the reason that kept a container from its start.
_RUNTIME_WORDS = re.compile(
    r"^(?:Error response from daemon: )?failed to create task for container: "
    r"(?:failed to create shim task: )?(?:OCI runtime create failed: )?(?:runc create failed: )?"
    r"(?:unable to start container process: )?(?:error during container init: )?"
)

#: The same before the reason that kept a port from being published (docker 28, and before).
_NETWORK_WORDS = re.compile(
    r"^(?:Error response from daemon: )?(?:failed to set up container networking: )?"
    r"driver failed programming external connectivity on endpoint \S{1,200} \([0-9a-f]{64}\): "
    r"(?:Error starting userland proxy: )?(?=\S)"
)

#: Control groups of containers. Docker, containerd and Podman use the container's id; LXC,
#: systemd-nspawn, Kubernetes and Amazon ECS use names.
_GROUP = re.compile(
    r"[0-9a-f]{64}|/lxc(?:\.payload[./]|/)([^/]+)|/machine\.slice/([^/]+)|/(kubepods[^/]*|ecs)/"
)


def container_of(cgroups: Iterable[str]) -> str:
    """Return what identifies a process's container in the lines of its /proc/PID/cgroup, or "" if
    there is none."""
    matches = (_GROUP.search(line) for line in cgroups)
    return next((clean(match[0], 128) for match in matches if match), "")


def docker_ps(text: str) -> tuple[Container, ...]:
    """Parse `docker ps --no-trunc --format '{{json .}}'`, which prints one object per line."""
    return tuple(_docker(container) for container in _objects(text.splitlines()))


def podman_ps(text: str) -> tuple[Container, ...]:
    """Parse `podman ps --no-trunc --format json`, which prints a list of objects."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    containers = document if isinstance(document, list) else []
    return tuple(
        _podman(container) for container in containers[:MAX_ITEMS] if isinstance(container, dict)
    )


def _objects(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in list(lines)[:MAX_ITEMS]:
        try:
            parsed = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(parsed, dict):
            yield parsed


def _docker(container: dict[str, Any]) -> Container:
    labels = _labels(str(container.get("Labels", "")))
    return Container(
        engine="docker",
        id=clean(str(container.get("ID", "")), 64),
        name=clean(str(container.get("Names", "")).partition(",")[0], 128),
        image=clean(str(container.get("Image", "")), 200),
        networks=_names(str(container.get("Networks", "")).split(",")),
        ports=docker_ports(str(container.get("Ports", ""))),
        state=_state(container.get("State")),
        status=clean(str(container.get("Status", "")), 100),
        compose=_compose(labels),
        labels=tuple(_traefik_labels(labels)),
    )


def _labels(text: str) -> dict[str, str]:
    """Parse "a=1,b=/x.yml,/y.yml,c=3": a comma may stand in a value."""
    labels: dict[str, str] = {}
    name = ""
    for part in text.split(",")[:MAX_ITEMS]:
        if "=" in part:
            name, _, labels[name] = part.partition("=")
        elif name:
            labels[name] += f",{part}"
    return labels


def _compose(labels: Mapping[str, Any]) -> ComposeService | None:
    """Return the service that the labels of docker compose and podman-compose tell; None without
    them."""
    words = {
        name: clean(str(labels.get(f"com.docker.compose.{name}") or ""), 1000)
        for name in _COMPOSE_LABELS
    }
    if not words["project"] or not words["service"]:
        return None
    folder = words["project.working_dir"]
    files = [file for file in words["project.config_files"].split(",") if file][:8]
    return ComposeService(
        project=words["project"][:128],
        service=words["service"][:128],
        folder=folder,
        files=tuple(posixpath.join(folder, file) for file in files),
        environment=tuple(
            posixpath.join(folder, file)
            for file in words["project.environment_file"].split(",")[:8]
            if file
        ),
        old=words["version"].startswith("1."),
        conditions=tuple(_conditions(words["depends_on"])),
    )


def _traefik_labels(labels: Mapping[str, Any]) -> Iterator[ContainerLabel]:
    for name, value in labels.items():
        if _TRAEFIK_LABEL.match(name) or _TRAEFIK_RESPONSE.match(name):
            yield ContainerLabel(clean(name, 300), clean(str(value), 1000))
        elif _TRAEFIK_MIDDLEWARE.match(name):
            yield ContainerLabel(clean(name, 300))


def _conditions(text: str) -> Iterator[tuple[str, str]]:
    """Parse "db:service_healthy:false,app:service_started:true", the label of docker compose."""
    for part in text.split(",")[:20]:
        service, _, rest = part.partition(":")
        condition = rest.partition(":")[0]
        if service and condition:
            yield service[:128], condition[:40]


def _state(word: object) -> State:
    """Return the state in docker's words; podman says "stopped" for some that have exited."""
    text = str(word or "").lower()
    return _STATES.get("exited" if text in {"stopped", "stopping"} else text, "")


def with_details(
    container: Container, bindings: str, output: str, state: str = "", mounts: str = ""
) -> Container:
    """Return a container with the ports that it publishes when it runs (`inspect`,
    .HostConfig.PortBindings), and why it ended: what its engine says (.State), or else of its last
    output the error of nginx, if there is one, else the last line. A second line of `state` is its
    restart policy (.HostConfig.RestartPolicy). `mounts` are lines of a folder of the server, a tab
    and where the container sees it."""
    ports = container.ports
    if not any(mapping.port for mapping in ports):
        ports = (*tuple(_bound_ports(bindings))[:MAX_ITEMS], *ports)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if _FATAL.search(line)]
    documents = list(_objects(state.splitlines()[:4]))
    inspected, policy = (documents[i] if i < len(documents) else {} for i in (0, 1))
    # The engine could not start it: "driver failed …: port is already allocated".
    refusal = str(inspected.get("Error") or "") if isinstance(inspected.get("Error"), str) else ""
    refusal = _NETWORK_WORDS.sub("", _RUNTIME_WORDS.sub("", refusal))
    return replace(
        container,
        ports=ports,
        last_words=clean(refusal or (errors or lines or [""])[-1], 300),
        not_started=bool(refusal),
        out_of_memory=inspected.get("OOMKilled") is True,
        restart=clean(str(policy.get("Name") or ""), 40),
        folders=tuple(
            BindMount(clean(point, 400), clean(source, 400))
            for source, tab, point in (line.partition("\t") for line in mounts.split("\n"))
            if tab
        )[:MAX_ITEMS],
    )


def with_health(container: Container, text: str) -> Container:
    """Return a container with the last output of its health check (`inspect`, .State.Health)."""
    log = next(_objects([text.strip()]), {}).get("Log")
    entries = [entry for entry in log if isinstance(entry, dict)] if isinstance(log, list) else []
    lines = str(entries[-1].get("Output") or "").splitlines() if entries else []
    words = next((line.strip() for line in reversed(lines[:100]) if line.strip()), "")
    return replace(container, last_words=clean(words, 300)) if words else container


def _bound_ports(text: str) -> Iterator[ContainerPort]:
    """Parse {"443/tcp": [{"HostIp": "", "HostPort": "443"}]}."""
    for key, bindings in next(_objects([text.strip()]), {}).items():
        inner, _, protocol = key.partition("/")
        for binding in bindings if isinstance(bindings, list) else ():
            outer = str(binding.get("HostPort", "")) if isinstance(binding, dict) else ""
            if inner.isdecimal() and outer.isdecimal() and protocol in {"", "tcp"}:
                address = clean(str(binding.get("HostIp") or "0.0.0.0"), 64)
                yield ContainerPort(int(inner), int(outer), address)


def docker_ports(text: str) -> tuple[ContainerPort, ...]:
    """Parse "0.0.0.0:8443->443/tcp, [::]:8443->443/tcp, 80/tcp"; also "8000-8002->8000-8002"."""
    ports: list[ContainerPort] = []
    for part in text.split(",")[:MAX_ITEMS]:
        match = re.fullmatch(
            r"\s*(?:(\S*):(\d+)(?:-(\d+))?->)?(\d+)(?:-(\d+))?/tcp\s*", part, re.ASCII
        )
        if match:
            address, low, _, inner, last = match.groups()
            for offset in range(min(int(last or inner) - int(inner) + 1, MAX_ITEMS)):
                port = int(low) + offset if low else None
                host = (address or "").strip("[]")
                ports.append(ContainerPort(int(inner) + offset, port, clean(host, 64)))
    return tuple(ports[:MAX_ITEMS])


def _podman(container: dict[str, Any]) -> Container:
    names, labels = container.get("Names") or [""], container.get("Labels")
    labels = labels if isinstance(labels, dict) else {}
    published = [
        ContainerPort(
            int(port.get("container_port", 0)) + offset,
            int(port.get("host_port", 0)) + offset,
            clean(str(port.get("host_ip") or "0.0.0.0"), 64),
        )
        for port in container.get("Ports") or []
        if port.get("protocol", "tcp") == "tcp"
        for offset in range(min(int(port.get("range", 1)), MAX_ITEMS))
    ]
    published_ports = {port.inner for port in published}
    declared = [
        ContainerPort(int(number))
        for number, protocols in (container.get("ExposedPorts") or {}).items()
        if str(number).isdigit()
        and "tcp" in (protocols or [])
        and int(number) not in published_ports
    ]
    return Container(
        engine="podman",
        id=clean(str(container.get("Id", "")), 64),
        name=clean(str(names[0]), 128),
        image=clean(str(container.get("Image", "")), 200),
        networks=_names(container.get("Networks") or ()),
        ports=tuple(published + declared)[:MAX_ITEMS],
        state=_state(container.get("State")),
        status=clean(str(container.get("Status", "")), 100),
        compose=_compose(labels),
        labels=tuple(_traefik_labels(labels)),
    )


def _names(names: Iterable[Any]) -> tuple[str, ...]:
    return tuple(clean(str(name), 64) for name in names if name)[:MAX_ITEMS]


def namespace(text: str) -> Namespace:
    """Parse the probe script's output about a namespace: `pid N`, `comm NAME`, `cgroup …`,
    `address …`, and the lines of listening sockets in /proc/PID/net/tcp and tcp6
    (proc_pid_net(5))."""
    fields: dict[str, list[str]] = {}
    for line in text.splitlines()[: 20 * MAX_ITEMS]:
        key, _, value = line.strip().partition(" ")
        fields.setdefault("socket" if key.rstrip(":").isdigit() else key, []).append(value)
    cgroups = fields.get("cgroup", [])
    numbers = (_ID.search(line) for line in cgroups)
    unit = "" if container_of(cgroups) else unit_of(cgroups)
    pid = next(iter(fields.get("pid", [])), "0")
    return Namespace(
        pid=int(pid) if pid.isdigit() else 0,
        processes=_names(dict.fromkeys(fields.get("comm", []))),
        container=next((match[0] for match in numbers if match), ""),
        service=unit if unit.endswith(".service") else "",
        addresses=tuple(dict.fromkeys(_addresses(fields.get("address", [])))),
        sockets=tuple(dict.fromkeys(_sockets(fields.get("socket", [])))),
    )


def _addresses(hex_addresses: Iterable[str]) -> Iterator[str]:
    for hex_address in hex_addresses:
        text = (
            ":".join(re.findall("....", hex_address))
            if re.fullmatch("[0-9a-f]{32}", hex_address)
            else hex_address
        )
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if not address.is_loopback and not address.is_link_local:
            yield str(address)


def _sockets(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    for line in lines:
        local, _, port = line.split(" ", 1)[0].partition(":")
        if re.fullmatch("[0-9A-F]{8}|[0-9A-F]{32}", local) and re.fullmatch("[0-9A-F]{4}", port):
            # The kernel prints 32-bit words in the machine's byte order.
            words = (bytes.fromhex(word)[::-1] for word in re.findall(".{8}", local))
            yield str(ipaddress.ip_address(b"".join(words))), int(port, 16)
