"""The laboratory: client, router and server, with real software on each.

    client 198.51.100.10 -- 198.51.100.1 router 203.0.113.1 -- 203.0.113.10 server
    2001:db8:1::10           2001:db8:1::1      2001:db8:2::1  2001:db8:2::10

The router forwards, answers DNS, and its nftables chain `inet cloud forward` plays the security
group. The server runs firewalld on a bus of its own, nginx, sshd and an application.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import certificates, platforms, site, state
from .hosts import PATH, REPOSITORY, Gone, Host, until
from .machines import Machine, Unit
from .platforms import Platform
from .services import Service

CLIENT, SERVER = "198.51.100.10", "203.0.113.10"
CLIENT6, SERVER6 = "2001:db8:1::10", "2001:db8:2::10"
ROUTER = ("198.51.100.1", "203.0.113.1")
ROUTER6 = ("2001:db8:1::1", "2001:db8:2::1")

HERE = Path(__file__).parent
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
TOOLS = (
    "unshare", "nsenter", "setpriv", "ip", "nft", "nginx", "firewalld", "firewall-cmd",
    "dbus-daemon", "dbus-send", "dnsmasq", "openssl", "sshd", "ssh-keygen", "curl", "patch",
    "sysctl", "ufw", "node", "systemctl", "systemd-run", "journalctl", "pivot_root",
)  # fmt: skip
#: Other web servers than nginx, each by its program, which is the name of its package.
SERVERS = ("apache2", "haproxy", "caddy")
NODE_WS = Path("/usr/share/nodejs/ws")

FILES = "/run/lab"  # the router holds the logs and such
ICMP_RECOVERY = 6.0  # seconds
CLOUD = """
flush ruleset
table inet cloud {
  chain forward {
    type filter hook forward priority 0; policy accept;
  }
}
"""
HOSTS = """\
127.0.0.1 localhost
127.0.1.1 {name}
::1 localhost ip6-localhost ip6-loopback
"""
PUBLIC = """\
<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Public</short>
  <interface name="eth0"/>
  <service name="ssh"/>
  <service name="http"/>
  <service name="https"/>
  <forward/>
</zone>
"""
SSHD = """\
HostKey /etc/ssh/lab_host_key
AuthorizedKeysFile /etc/ssh/lab_authorized_keys
StrictModes no
UsePAM no
"""
SSHD_ARGV = (
    "/usr/sbin/sshd", "-D", "-e", "-h", "/etc/ssh/lab_host_key",
    "-o", "AuthorizedKeysFile=/etc/ssh/lab_authorized_keys", "-o", "StrictModes=no",
)  # fmt: skip
UNITS = "/usr/lib/systemd/system"
SSH_CLIENT = """\
Host 203.0.113.10 shop.example.com 2001:db8:2::10
  IdentityFile /etc/ssh/lab_key
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  LogLevel ERROR
"""


def missing() -> list[str]:
    """What it takes to build the laboratory and is not here."""
    tools = [tool for tool in TOOLS if not shutil.which(tool, path=PATH)]
    library = [] if NODE_WS.exists() else ["node-ws"]
    return ([] if os.geteuid() == 0 else ["root"]) + tools + library


def missing_servers() -> list[str]:
    """The web servers of which only their own scenarios are skipped."""
    return [name for name in SERVERS if not shutil.which(name, path=PATH)]


class Lab:
    """`platform` is how nginx lies and runs on the server; where systemd boots there, another may
    be installed later (`become`)."""

    def __init__(self, platform: Platform = platforms.TODAY) -> None:
        self.platform = platform
        self.client, self.router = Host("client"), Host("router")
        self.server = Machine("server") if platform.boots else Host("server")
        self.hosts = (self.client, self.router, self.server)
        self.services: tuple[Service | Unit, ...] = ()
        self._icmp_errors, self._icmp_paid, self._icmp_seen_at = 0, 0, 0.0
        self._undo = contextlib.ExitStack()
        self._logins = 0

    def __enter__(self) -> "Lab":
        try:
            self._up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._undo.close()
        for host in self.hosts:
            host.close()
        for service in self.services:
            service.ended()

    # Bring it up

    def _up(self) -> None:
        for host in self.hosts:
            host.ready()
        self.directory = self.router.path(FILES)  # so that it ends with the router
        self.directory.mkdir()
        self._cable(self.client, "eth0")
        self._cable(self.server, "eth1")
        self._addresses()
        for host in self.hosts:
            self._base_files(host)
        self._server_files()
        self._ssh_keys()
        self._define_services()
        self.bus.start()
        self._cloud_reset()
        self.bus.wait()
        started = [self.firewalld, self.sshd, self.application_service, self.names]
        for service in started:
            service.start()
        self._bare = state.tree(self.server)
        self._lay_out()
        for service in started:
            service.wait()
        self._pristine |= {host: state.tree(host) for host in (self.client, self.router)}
        self._network = {host: state.network(host) for host in self.hosts}
        self._rules = state.rules(self.server)
        self.check()

    def _lay_out(self) -> None:
        """nginx and the site as the platform has them."""
        self.platform.install(self.server)
        self.server.here = self.platform.here
        self.start_nginx()
        self._pristine = {**getattr(self, "_pristine", {}), self.server: state.tree(self.server)}

    def become(self, platform: Platform) -> None:
        """Another platform on the same server, healthy."""
        if platform is not self.platform:
            self._undo.close()
            self._end_nginx()
            self.server.here = str
            state.put_back(self.server, self._bare)
            self.platform = platform
            self._lay_out()

    def _cable(self, host: Host, port: str) -> None:
        """From the host's eth0 to that port of the router."""
        subprocess.run(
            ["nsenter", "-t", str(self.router.pid), "-n", "ip", "link", "add", port,
             "type", "veth", "peer", "name", "eth0", "netns", str(host.pid)],
            check=True,
        )  # fmt: skip

    def _addresses(self) -> None:
        quiet = "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0"
        self.router.sh(quiet + " net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        self.client.sh(quiet)
        self.server.sh(quiet)
        self._address(self.client, "eth0", CLIENT, CLIENT6)
        self._address(self.server, "eth0", SERVER, SERVER6)
        self._address(self.router, "eth0", ROUTER[0], ROUTER6[0])
        self._address(self.router, "eth1", ROUTER[1], ROUTER6[1])
        self._routes(self.client, 0)
        self._routes(self.server, 1)

    def _address(self, host: Host, port: str, address: str, address6: str) -> None:
        host.sh(f"""
            ip link set lo up
            ip link set {port} up
            ip addr replace {address}/24 dev {port}
            ip addr replace {address6}/64 dev {port} nodad
        """)

    def _routes(self, host: Host, side: int) -> None:
        host.sh(f"""
            ip route replace default via {ROUTER[side]}
            ip -6 route replace default via {ROUTER6[side]}
        """)

    def _base_files(self, host: Host) -> None:
        resolver = ROUTER[1] if host is self.server else ROUTER[0]
        host.write("/etc/hosts", HOSTS.format(name=host.name))
        host.write("/etc/hostname", f"{host.name}\n")
        host.path("/etc/resolv.conf").unlink(missing_ok=True)
        host.write("/etc/resolv.conf", f"nameserver {resolver}\n")
        trust(host, certificates.root())
        command = f'PYTHONPATH={REPOSITORY} exec {sys.executable} -m diagnose "$@"\n'
        host.write("/usr/local/bin/diagnose", f"#!/bin/sh\n{command}", 0o755)

    def _server_files(self) -> None:
        server = self.server
        server.kept = platforms.KEPT if self.platform.boots else ()
        server.sh("""
            rm -f /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*
            mkdir -p /var/log/nginx /var/lib/nginx /run/lock /run/sshd /etc/letsencrypt
            rm -f /var/log/nginx/*
        """)
        server.write("/etc/firewalld/zones/public.xml", PUBLIC)
        if self.platform.boots:
            server.write("/etc/ssh/sshd_config.d/lab.conf", SSHD)
            wants = platforms.WANTS
            server.sh(f"mkdir -p {wants}; cd {wants}; ln -sf {UNITS}/firewalld.service .")

    def _ssh_keys(self) -> None:
        key = self.directory / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        private, public = key.read_text(), key.with_suffix(".pub").read_text()
        self.client.write("/etc/ssh/lab_key", private, 0o600)
        self.client.write("/etc/ssh/ssh_config.d/lab.conf", SSH_CLIENT)
        self.server.write("/etc/ssh/lab_host_key", private, 0o600)
        self.server.write("/etc/ssh/lab_authorized_keys", public)

    def _define_services(self) -> None:
        def service(host: Host, ready: Callable[[], bool], *argv: str) -> Service:
            return Service(host, list(argv), ready, self.directory / Path(argv[0]).name)

        server = self.server
        self.bus: Service | Unit
        self.firewalld: Service | Unit
        self.sshd: Service | Unit
        if isinstance(server, Machine):
            names = ("dbus.service", "firewalld.service", "ssh.service")
            self.bus, self.firewalld, self.sshd = (Unit(server, name) for name in names)
        else:
            bus = server.path("/run/dbus/system_bus_socket")
            server.path("/run/dbus").mkdir()
            daemon = ("dbus-daemon", "--system", "--nofork", "--nopidfile")
            self.bus = service(server, bus.exists, *daemon)
            firewalld = ("firewalld", "--nofork", "--nopid")
            self.firewalld = service(server, self._firewalld_ready, *firewalld)
            self.sshd = service(server, lambda: server.listening(22), *SSHD_ARGV)
        self.application_service = service(
            server, lambda: server.listening(3000), *self._application_argv()
        )
        self.names = service(self.router, self._names_ready, *self._dnsmasq_argv())
        self.services = (
            self.bus, self.firewalld, self.sshd, self.application_service, self.names,
        )  # fmt: skip
        self._write_names([SERVER], [])

    def _firewalld_ready(self) -> bool:
        """It answers on the bus only when the last of its rules stands: IPv6's, the bridge's."""
        name, get = "org.fedoraproject.FirewallD1", "org.freedesktop.DBus.Properties.Get"
        asked = [f"--dest={name}", "/org/fedoraproject/FirewallD1", get]
        words = ["dbus-send", "--system", "--print-reply", *asked, f"string:{name}", "string:state"]
        return '"RUNNING"' in self.server.run(words).stdout

    # The name server

    def _dnsmasq_argv(self) -> list[str]:
        return [
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=",
            "--user=root", "--group=root", "--no-resolv", "--no-hosts", "--local=/example.com/",
            "--addn-hosts=/run/names", "--bind-interfaces",
            *(f"--listen-address={address}" for address in ROUTER),
        ]  # fmt: skip

    def _names_ready(self) -> bool:
        table = Path(f"/proc/{self.router.pid}/net/udp").read_text()
        return table.count(":0035 ") >= len(ROUTER)

    def _write_names(self, a: Sequence[str], aaaa: Sequence[str], name: str = site.NAME) -> bool:
        text = "".join(f"{address} {name}\n" for address in [*a, *aaaa])
        path = self.router.path("/run/names")
        changed = not path.exists() or path.read_text() != text
        self.router.write("/run/names", text)
        return changed

    def dns(self, a: Sequence[str] = (), aaaa: Sequence[str] = (), name: str = site.NAME) -> None:
        """The site's addresses, from dnsmasq."""
        if self._write_names(a, aaaa, name):
            self.names.stop()
        self.names.restore(self._dnsmasq_argv())

    def names_behind(self, server: str, *options: str) -> None:
        """dnsmasq knows nothing itself and asks another name server."""
        own = ("--local=", "--addn-hosts=")
        argv = [word for word in self._dnsmasq_argv() if not word.startswith(own)]
        self.names.argv = [*argv, f"--server={server}", *options]
        self.names.restart()

    def zone(self, zone: Mapping[str, Mapping[str, Any]]) -> None:
        """Whatever nameserver.py can do, in dnsmasq's place."""
        self.router.write(f"{FILES}/zone", json.dumps(zone))
        program = str(HERE / "nameserver.py")
        self.names.argv = self.router.python(program, f"{FILES}/zone", *ROUTER)
        self.names.restart()

    # The site

    def _application_argv(self, *options: str) -> list[str]:
        return self.server.python(str(HERE / "application.py"), *options)

    def application(self, *options: str, port: int = 3000) -> None:
        """Run it again with these options."""
        self.application_service.ready = lambda: self.server.listening(port)
        self.application_service.argv = self._application_argv(*options)
        self.application_service.restart()

    def edit(self, old: str, new: str, path: str = site.CONF) -> None:
        """In the file only: nginx does not hear of it."""
        text, old, new = self.server.read(path), self.server.here(old), self.server.here(new)
        if old not in text:
            raise ValueError(f"{path} has no {old!r}")
        # The rest of the file is in the platform's words already.
        self.server.write(path, text.replace(old, new).encode(errors="surrogateescape"))

    def configure(self, text: str, path: str = site.CONF) -> None:
        """Write this and have nginx use it."""
        self.server.write(path, text)
        self.reload()

    def install(self, chain: str, key: str) -> None:
        """These files as the site's certificate and key, and nginx uses them."""
        self.server.write(site.PEM, chain)
        self.server.write(site.KEY, key, 0o600)
        self.reload()

    def reload(self) -> None:
        """`nginx -s reload`, and wait until the old workers have gone."""
        old = set(self.server.pids("nginx")[1:])
        self.server.run([self.platform.binary, "-s", "reload"], check=True)
        gone = "nginx's old workers go"
        until(lambda: not old & set(self.server.pids("nginx")), gone)

    def change(self, old: str, new: str, path: str = site.CONF) -> None:
        """And nginx starts anew with it: a reload cannot move a socket that is in use."""
        self.edit(old, new, path)
        self.restart_nginx()

    def spawn(self, host: Host, argv: Sequence[str], ready: int | Callable[[], bool]) -> None:
        """One more process, until the next restore. `ready` is a port, or a question."""
        process = host.spawn(argv)
        self._undo.callback(process.wait)
        self._undo.callback(process.kill)
        listening = (lambda: host.listening(ready)) if isinstance(ready, int) else ready
        until(listening, f"{argv[0]} serves")

    def start_nginx(self, check: bool = True) -> None:
        """As it is started there: by its unit, or by somebody who has logged in."""
        platform, server = self.platform, self.server
        unit = platform.starts or platform.unit
        if isinstance(server, Machine) and unit:
            server.systemctl("reset-failed", unit, check=False)
            server.systemctl("restart" if platform.starts else "start", unit, check=check)
        else:
            server.run([*self._login(), platform.binary], check=check)

    def _login(self) -> list[str]:
        """What puts a program into the session of somebody who has logged in."""
        if not isinstance(self.server, Machine):
            return []
        self._logins += 1
        # What ended the last session's programs may have left the slice about to stop.
        self.server.systemctl("start", "user-0.slice")
        scope = f"--unit=session-{self._logins}.scope"
        return ["systemd-run", "--quiet", "--scope", "--slice=user-0.slice", scope]

    def stop_nginx(self) -> None:
        """As somebody stops it who is entitled to."""
        if self.platform.unit:
            self.server.run(["systemctl", "stop", self.platform.unit])
        self._end_nginx()

    def _end_nginx(self) -> None:
        """Again until none is left: a master that reloads makes a worker more while it ends."""

        def ended() -> bool:
            self.server.kill(left := self.server.pids("nginx"))
            return not left

        until(ended, "nginx ends")
        if isinstance(self.server, Machine):
            for unit in filter(None, {self.platform.unit, self.platform.starts}):
                self.server.systemctl("stop", unit, check=False)
                self.server.systemctl("reset-failed", unit, check=False)
        self.server.path("/run/nginx.pid").unlink(missing_ok=True)

    def try_to_start_nginx(self) -> None:
        """It may refuse."""
        self.start_nginx(check=False)

    def restart_nginx(self) -> None:
        self._end_nginx()
        self.start_nginx()
        pid_file = self.server.path("/run/nginx.pid")

        def is_known() -> bool:
            """nginx returns before its master writes the file by which `nginx -s` finds it."""
            return pid_file.exists() and pid_file.stat().st_size > 0

        until(is_known, "nginx writes its pid")

    # The router

    def cloud(self, rule: str) -> None:
        """One more rule for the security group, in nftables' words."""
        self.router.run(["nft", "add", "rule", "inet", "cloud", "forward", rule], check=True)

    def stop_names(self) -> None:
        """Nothing listens on port 53 any more."""
        self.names.stop()

    def _cloud_reset(self) -> None:
        self.router.run(["nft", "-f", "-"], input=CLOUD, check=True)

    def delay(self, seconds: float) -> None:
        """Between client and router, each way; the next restore takes it away."""
        names = [f"lab{os.getpid()}{end}" for end in "ab"]
        carrier = subprocess.Popen(
            [sys.executable, str(HERE / "delay.py"), str(seconds), *names],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.undo(lambda: self._cable(self.client, "eth0"))
        self.undo(carrier.communicate)
        assert carrier.stdout
        carrier.stdout.readline()
        self.client.run(["ip", "link", "del", "eth0"], check=True)
        for host, name in zip((self.client, self.router), names, strict=True):
            move = ["ip", "link", "set", name, "netns", str(host.pid), "name", "eth0"]
            subprocess.run(move, check=True)
        self._addresses()

    def cut_power(self) -> None:
        """The server boots anew with the files that it has: what is enabled there starts."""
        assert isinstance(self.server, Machine)
        self.server.cut_power()
        self._cable(self.server, "eth1")
        self._addresses()
        self.sshd.start()
        self.application_service.restart()

    # Back to health

    def undo(self, act: Callable[[], object]) -> None:
        """To be called by the next restore: for what it would not find by itself."""
        self._undo.callback(act)

    def restore(self, ipv6: bool = False) -> None:
        """The healthy state again, with or without an AAAA record; raises if it is not."""
        self._undo.close()
        self._kill_strays()
        self.let_icmp_recover()
        with ThreadPoolExecutor() as pool:
            server = pool.submit(self._restore_server, ipv6)
            network = pool.submit(self._restore_network)
            cloud = pool.submit(self._cloud_reset)
            # It listens on the router's addresses, which may be given anew just now.
            network.result()
            names = pool.submit(self.dns, [SERVER], [SERVER6] if ipv6 else [])
        for step in (network, cloud, names, server):
            step.result()
        self.check()

    def let_icmp_recover(self) -> None:
        """Linux sends a peer six ICMP errors at once, then one a second; a route's count twice.

        A scenario has to find all six, whatever was played before it.
        """
        self._note_icmp()
        if self._icmp_errors != self._icmp_paid:
            time.sleep(max(0.0, self._icmp_seen_at + ICMP_RECOVERY - time.monotonic()))
        self._icmp_paid = self._icmp_errors

    def forget_neighbors(self) -> None:
        """Let the router ask anew who has an address: what it asks for already it gives up sooner
        than three seconds later, at once to those who come in the meantime."""
        for address in (SERVER, SERVER6):
            self.router.run(["ip", "neigh", "del", address, "dev", "eth1"])

    def _note_icmp(self) -> None:
        sent = sum(host.icmp_errors() for host in self.hosts)
        if sent != self._icmp_errors:
            self._icmp_errors, self._icmp_seen_at = sent, time.monotonic()

    def _restore_server(self, ipv6: bool) -> None:
        changed = state.put_back(self.server, self._pristine[self.server])
        if isinstance(self.server, Machine):
            if changed:
                self.server.systemctl("daemon-reload")
            self.server.sh("journalctl -q --rotate --vacuum-time=1us")
        if ipv6:
            self.server.write(site.CONF, site.configuration(ipv6))
        for service in (self.bus, self.sshd):
            service.restore([] if isinstance(service, Unit) else service.argv)
        self.application_service.ready = lambda: self.server.listening(3000)
        self.application_service.restore(self._application_argv())
        self._restore_firewall(any(path.startswith("/etc/firewalld/") for path in changed))
        self.restart_nginx()
        self.server.sh(f"""
            rm -rf /var/lib/diagnose {self.platform.logs}/*.log /srv/*
            {self.platform.binary} -s reopen
        """)

    def _restore_firewall(self, files_changed: bool) -> None:
        if not self.firewalld.alive():
            self.server.run(["nft", "flush", "ruleset"])
            self.firewalld.restart()
        # firewalld notices changed files by itself, but some time later: until then it would write
        # what it still remembers of them.
        if files_changed or state.rules(self.server) != self._rules:
            self.server.run(["firewall-cmd", "--reload"])
        if state.rules(self.server) != self._rules:
            self.firewalld.stop()
            self.server.run(["nft", "flush", "ruleset"])
            self.firewalld.restart()

    def _restore_network(self) -> None:
        for host in (self.client, self.router):
            state.put_back(host, self._pristine[host])
        if any(state.network(host) != was for host, was in self._network.items()):
            for host in self.hosts:
                host.sh("""
                    for port in /sys/class/net/eth*; do
                      ip link set ${port##*/} down
                      ip addr flush dev ${port##*/}
                    done
                    ip route flush table main
                    ip -6 route flush table main
                """)
            self._addresses()

    def _kill_strays(self) -> None:
        for host in self.hosts:
            ours = {1} | {service.pid for service in self.services if service.host is host}
            if isinstance(host, Machine):
                ours |= host.own_processes()
            strays = [
                pid
                for pid, name in host.processes().items()
                if pid not in ours and name not in state.COME_AND_GO
            ]
            host.kill(strays)

    def visit(self) -> str:
        """What the site answers to the client, one line for each address."""
        return self.client.run(self.client.python(str(HERE / "look.py"), site.NAME)).stdout

    def check(self) -> None:
        """Ask the site, from the client; raises if it is not healthy."""
        said = self.visit()
        for line in said.splitlines() or ["nothing"]:
            # Caddy redirects with 308.
            healthy = r".*https 200, http 30[18] https://shop\.example\.com/, websocket 101"
            if not re.fullmatch(healthy, line):
                raise Gone(f"the laboratory's site is not healthy: {said}")

    def snapshot(self) -> state.Snapshot:
        """As all is once nobody is connected: sshd's process for a client ends after the client."""
        with contextlib.suppress(Gone):  # one that stays is in the snapshot
            until(
                lambda: not self.server.pids("sshd-session"),
                "sshd has ended its connections",
                timeout=5,
            )
        return state.Snapshot.of(self.server)

    # The tool

    def diagnose(
        self, host: Host, *arguments: str, timeout: float = 90
    ) -> subprocess.CompletedProcess[str]:
        """`diagnose …` as somebody on that host would type it."""
        done = host.run(["diagnose", *arguments], timeout=timeout, exact=True)
        self._note_icmp()
        return done


def trust(host: Host, authority: certificates.Issued) -> None:
    """Into the system's bundle and, by its hash, into the system's folder."""
    host.write(BUNDLE, host.read(BUNDLE) + authority.pem)
    asked = ["openssl", "x509", "-noout", "-hash"]
    done = subprocess.run(asked, input=authority.pem, text=True, capture_output=True, check=True)
    host.write(f"/etc/ssl/certs/{done.stdout.strip()}.0", authority.pem)


__all__ = ["CLIENT", "CLIENT6", "ROUTER", "ROUTER6", "SERVER", "SERVER6", "Lab", "missing"]
