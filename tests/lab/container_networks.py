"""The networks of the stand-in for docker (`docker.py`): bridges with docker's rules of iptables.
In a network that somebody made, containers know each other by name, as docker's name server tells
it; here their files of hosts do. The default network "bridge" knows no names."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HOME = Path("/run/containers")
DEFAULT = "bridge"
#: Where the networks are kept that somebody made: each with its bridge and the first two numbers of
#: its addresses.
KNOWN = HOME / "networks.json"
HOST_GATEWAY = "172.17.0.1"


def sh(script: str, check: bool = True) -> None:
    subprocess.run(["sh", "-c", script], check=check, capture_output=True)


def known() -> dict[str, dict[str, Any]]:
    made = json.loads(KNOWN.read_text()) if KNOWN.exists() else {}
    return {DEFAULT: {"bridge": "docker0", "prefix": "172.17"}} | made


def create(name: str, labels: dict[str, str] | None = None) -> None:
    networks = known()
    if name in networks:
        sys.exit(f"Error response from daemon: network with name {name} already exists")
    number = next(n for n in range(18, 32) if f"172.{n}" not in _prefixes(networks))
    bridge, prefix = f"br-{number:012x}", f"172.{number}"
    networks[name] = {"bridge": bridge, "prefix": prefix, "labels": labels or {}}
    del networks[DEFAULT]
    KNOWN.write_text(json.dumps(networks))
    apart = "\n".join(
        f"iptables -I FORWARD -i {a} -o {b} -j DROP"
        for other in ("docker0", *(each["bridge"] for each in networks.values()))
        for a, b in ((bridge, other), (other, bridge))
        if other != bridge
    )
    sh(f"""
        ip link add {bridge} type bridge
        ip addr add {prefix}.0.1/16 dev {bridge}
        ip link set {bridge} up
        iptables -t nat -I POSTROUTING -s {prefix}.0.0/16 ! -o {bridge} -j MASQUERADE
        iptables -A FORWARD -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        iptables -A FORWARD -o {bridge} -j DOCKER
        iptables -A FORWARD -i {bridge} ! -o {bridge} -j ACCEPT
        iptables -A FORWARD -i {bridge} -o {bridge} -j ACCEPT
        {apart}
    """)
    # As docker does it, in a zone "docker" with the same target.
    sh(f"firewall-cmd -q --zone=trusted --change-interface={bridge}", check=False)


def remove(name: str) -> None:
    networks = known()
    if name not in networks or name == DEFAULT:
        sys.exit(f"Error response from daemon: network {name} not found")
    active = (each for each in containers() if each["state"] in {"running", "paused"})
    if any(name in nets_of(container) for container in active):
        sys.exit(f"Error response from daemon: error while removing network: network {name}"
                 " has active endpoints")  # fmt: skip
    bridge, prefix = networks[name]["bridge"], networks[name]["prefix"]
    firewall = f"-s {prefix}.0.0/16 ! -o {bridge} -j MASQUERADE"
    sh(f"firewall-cmd -q --zone=trusted --remove-interface={bridge}", check=False)
    sh(
        f"iptables -t nat -D POSTROUTING {firewall}; iptables -S FORWARD | grep -w {bridge}"
        " | sed s/-A/-D/ | while read -r rule; do iptables $rule; done;"
        f" ip link del {bridge}"
    )
    del networks[name], networks[DEFAULT]
    KNOWN.write_text(json.dumps(networks))


def _prefixes(networks: dict[str, dict[str, Any]]) -> set[str]:
    return {network["prefix"] for network in networks.values()}


def containers() -> Iterator[dict[str, Any]]:
    for path in sorted(HOME.glob("*/config.json")):
        yield json.loads(path.read_text())


def network_of(name: str) -> dict[str, Any]:
    networks = known()
    return networks.get(name) or networks[DEFAULT]


def nets_of(container: dict[str, Any]) -> dict[str, str]:
    """The networks of a container, each with its address there."""
    if container.get("network") == "host":
        return {}
    if "nets" in container:
        return dict(container["nets"])
    # Only the name is another: it has its address in the default network.
    return {container.get("network") or DEFAULT: container["address"]}


def shown_networks(container: dict[str, Any]) -> str:
    return "host" if container.get("network") == "host" else ",".join(nets_of(container))


def free_address(network: str) -> str:
    prefix = network_of(network)["prefix"]
    taken = {nets_of(container).get(network) for container in containers()}
    numbers: Iterable[str] = (f"{prefix}.0.{n}" for n in range(2, 250))
    return next(address for address in numbers if address not in taken)


def device(container: dict[str, Any], number: int) -> str:
    """The server's end of the pair of devices: docker names it by chance."""
    return f"v{container['name']}" if number == 0 else f"v{number}-{container['id'][:9]}"


def plug(container: dict[str, Any], network: str, address: str, number: int) -> None:
    name, bridge = container["name"], network_of(network)["bridge"]
    end, inner = device(container, number)[:15], f"eth{number}"
    # As docker makes it, so that a container that is started again is found at once.
    hardware = ":".join(["02", "42", *(f"{int(part):02x}" for part in address.split("."))])
    sh(f"""
        ip link del {end} 2>/dev/null
        ip link add {end} type veth peer name {inner} netns {name}
        ip link set {end} master {bridge} up
        ip -n {name} addr add {address}/16 dev {inner}
        ip -n {name} link set {inner} address {hardware} up
    """)
    if number == 0:
        gateway = f"{network_of(network)['prefix']}.0.1"
        sh(f"ip -n {name} link set lo up; ip -n {name} route add default via {gateway}")


def write_names() -> None:
    """What names the running containers know of each other, also after one has come or gone."""
    made = known().keys() - {DEFAULT}
    running = [each for each in containers() if each["state"] in {"running", "paused"}]
    for container in running:
        hosts = HOME / container["name"] / "hosts"
        own = nets_of(container)
        # A name that the file of hosts has is asked of nobody.
        taken = set(container["hosts"].split())
        names = [
            f"{address} {' '.join(known_as)}\n"
            for other in running
            for network, address in nets_of(other).items()
            if network in own and network in made
            if (known_as := [n for n in dict.fromkeys(_names(other, network)) if n not in taken])
        ]
        if hosts.exists():
            hosts.write_text(container["hosts"] + "".join(names))


def _names(container: dict[str, Any], network: str) -> Iterator[str]:
    yield container["name"]
    yield from container.get("aliases", {}).get(network, ())
    if service := container.get("labels", {}).get("com.docker.compose.service"):
        yield service


def connect(container: dict[str, Any], network: str, aliases: list[str]) -> None:
    """`docker network connect`; the caller saves the container."""
    if network not in known():
        sys.exit(f"Error response from daemon: network {network} not found")
    if network in nets_of(container):
        sys.exit(f"Error response from daemon: endpoint with name {container['name']} already"
                 f" exists in network {network}")  # fmt: skip
    nets = dict(nets_of(container))
    nets[network] = free_address(network)
    container |= {"nets": nets}
    container.setdefault("aliases", {})[network] = aliases
    if container["state"] in {"running", "paused"}:
        plug(container, network, nets[network], len(nets) - 1)


def disconnect(container: dict[str, Any], network: str) -> None:
    nets = dict(nets_of(container))
    if network not in nets:
        sys.exit(f"Error response from daemon: container {container['name']} is not connected to"
                 f" network {network}")  # fmt: skip
    number = list(nets).index(network)
    if container["state"] in {"running", "paused"}:
        sh(f"ip link del {device(container, number)[:15]}", check=False)
    del nets[network]
    container |= {"nets": nets}


def command(words: list[str], engine: Any) -> None:
    """`docker network …`; `engine` loads and saves containers."""
    word, *rest = words
    aliases = [rest[n + 1] for n, each in enumerate(rest[:-1]) if each == "--alias"]
    names = [
        each for n, each in enumerate(rest) if each != "--alias" and rest[n - 1 : n] != ["--alias"]
    ]
    match word, names:
        case "create", [name]:
            create(name)
        case "rm", [name]:
            remove(name)
        case "ls", _:
            print("\n".join((*known(), "host", "none")))
        case "connect" | "disconnect", [name, container_name]:
            container = engine.load(container_name)
            if word == "connect":
                connect(container, name, aliases)
            else:
                disconnect(container, name)
            engine.save(container)
            write_names()
        case _:
            sys.exit(f"the stand-in does not know `docker network {' '.join(words)}`")
