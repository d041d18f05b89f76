"""Caddy and HAProxy with the units of their packages, whose start fails after the configuration was
read. Sources: https://syd.sparlay.me/posts/2026-06-24-caddy-https-and-systemd.html,
https://github.com/caddy-ansible/caddy-ansible/issues/70,
https://calmops.com/linux/caddy-http-service-restarts-forever,
https://www.cuppa.dev/page/2/ and https://blog.gitcode.com/8c6ecd85d4a2f5ce5c3ae8b4f58de3b1.html."""

from collections.abc import Callable
from functools import partial

from .. import caddy, certificates, haproxy
from ..hosts import until
from ..lab import Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from ..web_servers import keep_only

ONE_LAYOUT = {"[!d]*": "the units are Debian's"}
CHANGES = ("listeners", "processes")
PEM, KEY = "/etc/caddy/ssl/shop.pem", "/etc/caddy/ssl/shop.key"
OPTIONS = "{\n\tdefault_bind 0.0.0.0\n\tskip_install_trust\n}\n"
SHOP = caddy.SHOP.replace(caddy.PEM, PEM).replace(caddy.KEY, KEY)
UNIT = "/etc/systemd/system/{}.service"


def _drop_in(name: str, setting: str) -> tuple[str, ...]:
    """Return what the cure of a unit changes."""
    folder = f"{UNIT.format(name)}.d"
    return (*CHANGES, folder, f"{folder}/diagnose-{setting}.conf")


#: That of Caddy's package, without the right to open ports below 1024.
CADDY_UNIT = """\
[Service]
Type=notify
User=caddy
Group=caddy
ExecStart=/usr/bin/caddy run --config /etc/caddy/Caddyfile
"""

caddy_start = partial(
    scenario, outside="tcp.refused", server="server.start-fails", needs=caddy.needs_caddy,
    differs=CHANGES, not_on=ONE_LAYOUT,
)  # fmt: skip
haproxy_start = partial(
    scenario, outside="tcp.refused", server="server.start-fails", needs=haproxy.needs_haproxy,
    differs=CHANGES, not_on=ONE_LAYOUT,
)  # fmt: skip


def _unit(lab: Lab, name: str) -> Machine:
    """Unmask the unit of a package."""
    assert isinstance(lab.server, Machine)
    server, path = lab.server, UNIT.format(name)
    server.sh(f"rm -f {path}")
    lab.undo(lambda: server.sh(f"ln -sf /dev/null {path}; systemctl daemon-reload"))
    server.systemctl("daemon-reload")
    server.systemctl("enable", name)
    off = f"systemctl disable --now {name}; systemctl reset-failed {name}"
    lab.undo(lambda: server.sh(off, check=False))
    return server


def _start(lab: Lab, name: str) -> None:
    """Try it, until systemd gives up."""
    assert isinstance(lab.server, Machine)
    server = lab.server
    server.systemctl("restart", name, check=False)
    states = {"failed", "active", "inactive"}
    until(lambda: server.systemctl("is-active", name, check=False).strip() in states, "it started")


def _fails(lab: Lab) -> None:
    """Wait until systemd gives HAProxy up: its master is active until its worker has failed."""
    assert isinstance(lab.server, Machine)
    server = lab.server
    until(lambda: server.systemctl("is-active", "haproxy", check=False).strip() == "failed", "end")


def _caddy(lab: Lab, change: Callable[[Machine], object]) -> None:
    lab.stop_nginx()
    keep_only(lab, "caddy")
    good = certificates.good()
    lab.server.write(PEM, good.chain)
    lab.server.write(KEY, good.key_pem, 0o640)
    lab.server.sh("chown -R root:caddy /etc/caddy/ssl; install -d -o caddy -g caddy /var/lib/caddy")
    lab.undo(lambda: lab.server.sh("rm -rf /var/lib/caddy"))
    lab.server.write(caddy.CONFIG, OPTIONS + SHOP)
    server = _unit(lab, "caddy")
    change(server)
    server.systemctl("daemon-reload")
    _start(lab, "caddy")


def _haproxy(lab: Lab, text: str, drop_in: str = "") -> None:
    lab.stop_nginx()
    keep_only(lab, "haproxy")
    lab.server.sh("mkdir -p /run/haproxy /etc/ssl/lab")
    lab.server.write(haproxy.PEM, haproxy.bundle(), 0o600)
    lab.server.write(haproxy.CONFIG, text)
    server = _unit(lab, "haproxy")
    if drop_in:
        server.write("/etc/systemd/system/haproxy.service.d/own.conf", f"[Service]\n{drop_in}\n")
    lab.undo(lambda: server.sh("rm -rf /etc/systemd/system/haproxy.service.d"))
    server.systemctl("daemon-reload")
    _start(lab, "haproxy")


@caddy_start(differs=(*CHANGES, caddy.CONFIG))
def udp_port_443_of_caddy_is_taken(lab: Lab) -> None:
    """By the service of an old program, which nobody has removed."""
    code = (
        "import socket, time\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.bind(('0.0.0.0', 443))\n"
        "time.sleep(9999)\n"
    )

    def take(server: Machine) -> None:
        server.write("/srv/old.py", code)
        command = " ".join(server.python("/srv/old.py"))
        server.write(UNIT.format("old"), f"[Service]\nExecStart={command}\n")
        server.systemctl("daemon-reload")
        server.systemctl("start", "old")
        lab.undo(lambda: server.sh("systemctl stop old", check=False))
        until(lambda: ":443" in server.sh("ss -lnu"), "the old program listens")

    _caddy(lab, take)


@caddy_start(differs=_drop_in("caddy", "AmbientCapabilities"))
def unit_of_caddy_may_open_no_low_port(lab: Lab) -> None:
    """A unit of somebody's own, without AmbientCapabilities."""

    def change(server: Machine) -> None:
        server.sh("sysctl -q -w net.ipv4.ip_unprivileged_port_start=1024")
        server.write(UNIT.format("caddy"), CADDY_UNIT)

    _caddy(lab, change)


@caddy_start(differs=_drop_in("caddy", "ExecStart"))
def unit_of_caddy_has_caddy_start(lab: Lab) -> None:
    """Caddy starts in the background, and systemd ends it with the command that started it."""
    start = CADDY_UNIT.replace("caddy run", "caddy start").replace("Type=notify", "Type=simple")
    low = "AmbientCapabilities=CAP_NET_BIND_SERVICE\n"
    _caddy(lab, lambda server: server.write(UNIT.format("caddy"), start + low))


@caddy_start()
def user_of_caddy_may_not_read_the_caddyfile(lab: Lab) -> None:
    _caddy(lab, lambda server: server.sh(f"chmod 600 {caddy.CONFIG}"))


@healthy(needs=caddy.needs_caddy, not_on=ONE_LAYOUT)
def caddy_of_its_package_runs(lab: Lab) -> None:
    """Its twin, which failed before: an old line of the journal is no fault."""
    _caddy(lab, lambda server: server.sh(f"chmod 600 {caddy.CONFIG}"))
    assert isinstance(lab.server, Machine)
    lab.server.sh(f"chmod 644 {caddy.CONFIG}; systemctl reset-failed caddy")
    _start(lab, "caddy")


@haproxy_start(differs=(*CHANGES, "/etc/sysctl.d/60-nonlocal-bind.conf"))
def address_of_haproxy_comes_later(lab: Lab) -> None:
    """keepalived has it, on the other machine now."""
    second = f"    bind 203.0.113.99:443 ssl crt {haproxy.PEM}\n"
    own = haproxy.SITE.replace("    default_backend", f"{second}    default_backend")
    before = lab.server.sh("cat /proc/sys/net/ipv4/ip_nonlocal_bind").strip()
    lab.undo(lambda: lab.server.sh(f"sysctl -q -w net.ipv4.ip_nonlocal_bind={before}"))
    _haproxy(lab, own)


@haproxy_start()
def folder_of_haproxys_root_is_not_there(lab: Lab) -> None:
    """`chroot` names a folder that nobody has made."""
    _haproxy(
        lab, haproxy.SITE.replace("global\n    user", "global\n    chroot /srv/empty\n    user")
    )
    _fails(lab)


@haproxy_start(differs=_drop_in("haproxy", "CapabilityBoundingSet"))
def unit_of_haproxy_may_not_change_its_root(lab: Lab) -> None:
    """A list of hardening took the capability away."""
    text = haproxy.SITE.replace("global\n    user", "global\n    chroot /var/lib/haproxy\n    user")
    names = "CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_KILL CAP_DAC_OVERRIDE"
    _haproxy(lab, text, f"CapabilityBoundingSet={names}")
    _fails(lab)


@haproxy_start(differs=_drop_in("haproxy", "RuntimeDirectory"))
def folder_of_haproxys_socket_is_not_there(lab: Lab) -> None:
    """/run is empty after a boot, and the unit makes no folder there."""
    _haproxy(lab, haproxy.SITE.replace("/run/haproxy/", "/run/haproxy-stats/"))


@healthy(needs=haproxy.needs_haproxy, not_on=ONE_LAYOUT)
def haproxy_of_its_package_runs(lab: Lab) -> None:
    """Its twin."""
    _haproxy(lab, haproxy.SITE, "RuntimeDirectory=haproxy")
