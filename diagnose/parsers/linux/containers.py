"""Containers, out of what docker and podman print, and network namespaces, out of /proc. Pure."""

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from diagnose.model.containers import Container, ContainerPort, Namespace
from diagnose.parsers.sanitize import clean

#: So many containers, and ports of one, are read.
MOST = 200

_ID = re.compile(r"[0-9a-f]{64}")

#: The control groups of containers: Docker's, containerd's and Podman's by the container's number;
#: LXC's, systemd-nspawn's, Kubernetes' and Amazon's by their own names.
_GROUP = re.compile(
    r"[0-9a-f]{64}|/lxc(?:\.payload[./]|/)([^/]+)|/machine\.slice/([^/]+)|/(kubepods[^/]*|ecs)/"
)


def container_of(cgroups: Iterable[str]) -> str:
    """What tells the container of a process from others, by the lines of its /proc/PID/cgroup; ""
    where they name none."""
    found = (_GROUP.search(line) for line in cgroups)
    return next((clean(one[0], 128) for one in found if one), "")


def docker_ps(text: str) -> tuple[Container, ...]:
    """`docker ps --no-trunc --format '{{json .}}'`: an object on each line."""
    return tuple(_docker(one) for one in _objects(text.splitlines()))


def podman_ps(text: str) -> tuple[Container, ...]:
    """`podman ps --no-trunc --format json`: a list of objects."""
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    found = listed if isinstance(listed, list) else []
    return tuple(_podman(one) for one in found[:MOST] if isinstance(one, dict))


def _objects(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in list(lines)[:MOST]:
        try:
            one = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(one, dict):
            yield one


def _docker(one: dict[str, Any]) -> Container:
    return Container(
        engine="docker",
        id=clean(str(one.get("ID", "")), 64),
        name=clean(str(one.get("Names", "")).partition(",")[0], 128),
        image=clean(str(one.get("Image", "")), 200),
        networks=_names(str(one.get("Networks", "")).split(",")),
        ports=docker_ports(str(one.get("Ports", ""))),
    )


def docker_ports(text: str) -> tuple[ContainerPort, ...]:
    """ "0.0.0.0:8443->443/tcp, [::]:8443->443/tcp, 80/tcp", with ranges "8000-8002->8000-8002"."""
    found: list[ContainerPort] = []
    for part in text.split(",")[:MOST]:
        read = re.fullmatch(
            r"\s*(?:(\S*):(\d+)(?:-(\d+))?->)?(\d+)(?:-(\d+))?/tcp\s*", part, re.ASCII
        )
        if read:
            address, low, _, inner, last = read.groups()
            for step in range(min(int(last or inner) - int(inner) + 1, MOST)):
                port = int(low) + step if low else None
                bare = (address or "").strip("[]")
                found.append(ContainerPort(int(inner) + step, port, clean(bare, 64)))
    return tuple(found[:MOST])


def _podman(one: dict[str, Any]) -> Container:
    names = one.get("Names") or [""]
    published = [
        ContainerPort(
            int(port.get("container_port", 0)) + step,
            int(port.get("host_port", 0)) + step,
            clean(str(port.get("host_ip") or "0.0.0.0"), 64),
        )
        for port in one.get("Ports") or []
        if port.get("protocol", "tcp") == "tcp"
        for step in range(min(int(port.get("range", 1)), MOST))
    ]
    led = {port.inner for port in published}
    declared = [
        ContainerPort(int(number))
        for number, protocols in (one.get("ExposedPorts") or {}).items()
        if str(number).isdigit() and "tcp" in (protocols or []) and int(number) not in led
    ]
    return Container(
        engine="podman",
        id=clean(str(one.get("Id", "")), 64),
        name=clean(str(names[0]), 128),
        image=clean(str(one.get("Image", "")), 200),
        networks=_names(one.get("Networks") or ()),
        ports=tuple(published + declared)[:MOST],
    )


def _names(words: Iterable[Any]) -> tuple[str, ...]:
    return tuple(clean(str(word), 64) for word in words if word)[:MOST]


def namespace(text: str) -> Namespace:
    """What the probe's script prints of a namespace: `pid N`, `comm NAME`, `cgroup …`, `address …`,
    and lines of /proc/PID/net/tcp and tcp6 (proc_pid_net(5)) of listening sockets."""
    told: dict[str, list[str]] = {}
    for line in text.splitlines()[: 20 * MOST]:
        key, _, rest = line.strip().partition(" ")
        told.setdefault("socket" if key.rstrip(":").isdigit() else key, []).append(rest)
    numbers = (_ID.search(line) for line in told.get("cgroup", []))
    pid = next(iter(told.get("pid", [])), "0")
    return Namespace(
        pid=int(pid) if pid.isdigit() else 0,
        processes=_names(dict.fromkeys(told.get("comm", []))),
        container=next((found[0] for found in numbers if found), ""),
        addresses=tuple(dict.fromkeys(_addresses(told.get("address", [])))),
        sockets=tuple(dict.fromkeys(_sockets(told.get("socket", [])))),
    )


def _addresses(written: Iterable[str]) -> Iterator[str]:
    for one in written:
        text = ":".join(re.findall("....", one)) if re.fullmatch("[0-9a-f]{32}", one) else one
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
            # Words of 32 bits in the byte order of the machine.
            words = (bytes.fromhex(word)[::-1] for word in re.findall(".{8}", local))
            yield str(ipaddress.ip_address(b"".join(words))), int(port, 16)
