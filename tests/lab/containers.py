"""Containers on the server of the laboratory. Their engine is a stand-in (`docker.py`): docker does
not run there. What is in them is real: nginx, the application, the network, the rules."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from . import site
from .hosts import until
from .lab import HERE, Lab

HOME = "/run/containers"
BRIDGE = """
ip link add docker0 address 02:42:ac:11:00:01 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
sysctl -qw net.ipv4.ip_forward=1
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
iptables -P FORWARD DROP
iptables -N DOCKER
iptables -N DOCKER-USER
iptables -A FORWARD -j DOCKER-USER
iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -o docker0 -j DOCKER
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -A FORWARD -i docker0 -o docker0 -j ACCEPT
iptables -A DOCKER-USER -j RETURN
mkdir -p /run/containers/cgroup
mount -t tmpfs -o mode=755 containers /run/containers
mkdir -p /run/containers/cgroup
mount -t cgroup2 none /run/containers/cgroup
"""
GONE = """
for name in $(ip netns list | cut -d ' ' -f 1); do ip netns del $name; done
firewall-cmd -q --zone=trusted --remove-interface=docker0 2>/dev/null
for bridge in docker0 $(ls /sys/class/net | grep '^br-'); do
  firewall-cmd -q --zone=trusted --remove-interface=$bridge 2>/dev/null
  ip link del $bridge
done
sysctl -qw net.ipv4.ip_forward=0
for table in nat filter; do nft delete table ip $table 2>/dev/null; done
rmdir /run/containers/cgroup/docker/* 2>/dev/null
umount -l /run/containers/cgroup /run/containers; rm -f /usr/local/bin/docker; :
"""
NAMES = "127.0.0.1 localhost\n"
LOG = "error_log /dev/stderr;\n"


class Engine:
    """`docker` on the server, until the next restore. With a `compose` file, all that it runs is
    written into that as a service, and made by `docker compose up -d`."""

    def __init__(self, lab: Lab, compose: str = "") -> None:
        self.lab, self.server = lab, lab.server
        self.compose = ComposeFile(self, compose) if compose else None
        self.count = 1
        lab.undo(self.end)
        program = " ".join(self.server.python(str(HERE / "docker.py")))
        self.server.write("/usr/local/bin/docker", f'#!/bin/sh\nexec {program} "$@"\n', 0o755)
        self.server.sh(BRIDGE)
        # As docker does it, in a zone "docker" with the same target.
        self.server.sh("firewall-cmd -q --zone=trusted --change-interface=docker0", check=False)

    def end(self) -> None:
        self.server.sh("docker ps -q >/dev/null; for f in /run/containers/*/config.json; do"
                       ' [ -e "$f" ] || continue; n=${f%/*}; docker stop "${n##*/}"; done',
                       check=False)  # fmt: skip
        self.server.sh(GONE, check=False)

    def docker(self, *words: str) -> str:
        return self.server.run(["docker", *words], check=True).stdout

    def run(
        self,
        name: str,
        argv: Sequence[str],
        ports: Sequence[tuple[int, int]] = (),
        binds: Sequence[tuple[str, str]] = (),
        **more: Any,
    ) -> str:
        """`docker run -d --name NAME -p … -v …`; its address."""
        self.count += 1
        may_fail = bool(more.pop("may_fail", False))
        if self.compose is not None:
            return self.compose.up(name, argv, ports, binds, may_fail, **more)
        # `docker create`, or what `docker compose up` leaves behind of a service that waits.
        created = ("--created",) if more.pop("only_created", False) else ()
        address = f"172.17.0.{self.count}"
        described = {
            "id": sha256(f"{name} {self.server.pid} {self.count}".encode()).hexdigest(),
            "name": name,
            "image": more.pop("image", f"{name}:latest"),
            "address": address,
            "argv": list(argv),
            "ports": list(ports),
            "binds": list(binds),
            "hosts": NAMES + more.pop("hosts", ""),
            "state": "created",
            "status": "Created",
            **more,
        }
        path = f"{HOME}/{name}.json"
        self.server.write(path, json.dumps(described))
        # It may refuse: another program has a port.
        self.server.run(["docker", "run", path, *created], check=not may_fail)
        return address

    def names(self, name: str, hosts: str) -> None:
        """What the container's names mean from now on, as its engine's name server answers."""
        path = f"{HOME}/{name}/config.json"
        described = json.loads(self.server.read(path)) | {"hosts": NAMES + hosts}
        self.server.write(path, json.dumps(described))
        self.server.write(f"{HOME}/{name}/hosts", described["hosts"])

    def nginx_starts(self, name: str) -> None:
        """Wait until nginx in a container has read its files, or has said why it cannot. That
        something accepts connections shows nothing: docker-proxy does so at once."""
        argv = ["docker", "exec", name, "test", "-s", "/run/nginx.pid"]
        until(
            lambda: self.server.run(argv).returncode == 0 or self._has_given_up(name),
            f"nginx starts in {name}",
            timeout=30,
        )

    def _has_given_up(self, name: str) -> bool:
        words = self.docker("logs", name)
        return "[emerg]" in words or "[crit]" in words

    def ended(self, name: str, code: int) -> None:
        """Wait until its program has ended; the engine says so from now on."""
        until(lambda: self._has_given_up(name), f"{name} ends")
        self.docker("ended", name, str(code))

    def reaches(self, address: str, port: int, *words: str) -> None:
        """Wait until a program listens at a container's own address, `words` being what the command
        is run by. At a published port `answers` is meant: docker-proxy listens there at once."""
        url = f"http://{address}:{port}/"
        argv = [*words, "curl", "-sko", "/dev/null", "--connect-timeout", "1", url]
        until(lambda: self.server.run(argv).returncode not in {7, 28}, f"{address}:{port} listens")

    def answers(self, port: int, address: str = "127.0.0.1") -> None:
        """Wait until the program behind a published port answers, with any status of HTTP. One that
        speaks TLS there answers plain HTTP with 400."""
        url = f"http://{address}:{port}/"
        argv = ["curl", "-so", "/dev/null", "-m", "5", "-w", "%{http_code}", url]
        until(lambda: self.server.run(argv).stdout not in {"", "000"}, f"{url} answers")


class ComposeFile:
    """A compose file on the server, as people write it, to which services are added."""

    def __init__(self, engine: Engine, path: str) -> None:
        self.engine, self.server, self.path = engine, engine.server, path
        folder = path.rpartition("/")[0]
        self.services: dict[str, str] = {}
        self.networks = ""
        engine.lab.undo(lambda: self.server.sh(f"rm -rf {folder}"))

    @property
    def text(self) -> str:
        return "services:\n" + "\n".join(self.services.values()) + self.networks

    def up(
        self,
        name: str,
        argv: Sequence[str],
        ports: Sequence[tuple[int, int]],
        binds: Sequence[tuple[str, str]],
        may_fail: bool,
        **more: Any,
    ) -> str:
        """Write the service and bring it up; its first address. `lines` are further ones."""
        image, host = more.get("image", f"{name}:latest"), more.get("bind", "")
        told = [line.split() for line in more.get("hosts", "").splitlines()]
        # The services of a file know each other's names.
        lists = {
            "ports": [f"{host}{':' * bool(host)}{outer}:{inner}" for outer, inner in ports],
            "volumes": [f"{source}:{point}" for source, point in binds],
            "extra_hosts": [f"{b}:{a}" for a, b in told if b not in self.services],
            "environment": more.get("env", ()),
        }
        more_lines = [f"    {line}\n" for line in more.get("lines", ())]
        if more.get("network") == "host":
            more_lines.append("    network_mode: host\n")
        blocks = [
            f"    {key}:\n" + "".join(f'      - "{each}"\n' for each in entries)
            for key, entries in lists.items()
            if entries
        ]
        head = f"  {name}:\n    image: {image}\n    container_name: {name}\n"
        self.services[name] = "".join((head, *more_lines, *blocks))
        self.program(image, argv)
        self.server.write(self.path, self.text)
        words = ["docker", "compose", "-f", self.path, "up", "-d", "--no-deps", name]
        self.server.run(words, check=not may_fail)
        return self.address(name)

    def address(self, container: str) -> str:
        described = json.loads(self.server.read(f"{HOME}/{container}/config.json"))
        return str(described["address"])

    def bring_up(self, text: str) -> None:
        """`docker compose up -d` of a file that is written as it stands."""
        self.server.write(self.path, text)
        self.engine.docker("compose", "-f", self.path, "up", "-d")

    def program(self, image: str, argv: Sequence[str]) -> None:
        """What an image runs."""
        self._note("images", image, argv)

    def health_test(self, image: str, words: Sequence[str]) -> None:
        """The test of its health that an image has itself."""
        self._note("tests", image, words)

    def _note(self, name: str, image: str, words: Sequence[str]) -> None:
        path = f"{HOME}/{name}.json"
        known = json.loads(self.server.read(path)) if self.server.path(path).exists() else {}
        self.server.write(path, json.dumps({**known, image: list(words)}))


def application(engine: Engine, name: str = "app", *options: str, **more: Any) -> str:
    """The application in a container of its own, on port 3000 of it."""
    host = more.pop("host", "0.0.0.0")
    argv = engine.server.python(str(HERE / "application.py"), "--host", host, *options)
    address = engine.run(name, argv, **more)
    if host == "0.0.0.0":
        engine.reaches(address, 3000)
    else:
        engine.reaches(host, 3000, "ip", "netns", "exec", name)
    return address


def behind_nginx(lab: Lab, port: tuple[int, int] = (8080, 3000), **more: Any) -> Engine:
    """The application in a container that publishes a port on loopback, and nginx of the server
    itself, which passes requests on to port 8080."""
    engine = Engine(lab)
    application(engine, ports=(port,), bind="127.0.0.1", **more)
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
    return engine


def proxied(upstream: str) -> str:
    """The site's configuration with another application."""
    text = LOG.replace("error_log", "  error_log") + site.MAP + site.HTTPS + site.HTTP
    return text.replace("http://127.0.0.1:3000", upstream)


def proxy(
    engine: Engine,
    configuration: str,
    ports: Sequence[tuple[int, int]] = ((443, 443), (80, 80)),
    binds: Sequence[tuple[str, str]] = (),
    **more: Any,
) -> str:
    """nginx in a container, with its site and certificates from folders of the server, as of a
    docker-compose.yml: ./conf.d:/etc/nginx/conf.d, ./certs:/etc/nginx/ssl. `host_text` is what
    nginx of the server itself has, which keeps the container from its start."""
    lab, server = engine.lab, engine.server
    server.write("/srv/proxy/conf.d/shop.conf", configuration)
    server.sh("mkdir -p /srv/proxy/certs; cp /etc/nginx/ssl/* /srv/proxy/certs/")
    # nginx of the server itself has nothing of the site, and does not run.
    host_text = str(more.pop("host_text", ""))
    server.sh(f"rm {site.CONF}")
    lab.stop_nginx()
    if host_text:
        server.write(site.CONF, host_text)
        lab.start_nginx()
    runs = not host_text and not more.get("only_created")
    folders = [("/srv/proxy/conf.d", "/etc/nginx/conf.d"), ("/srv/proxy/certs", "/etc/nginx/ssl")]
    argv = more.pop("argv", ["/usr/sbin/nginx", "-g", "daemon off;"])
    address = engine.run(
        "proxy", argv, ports, [*folders, *binds], image="nginx:1.27", may_fail=not runs, **more
    )
    if runs:
        engine.nginx_starts("proxy")
    return address
