"""A WebSocket opens (101), and what is behind its program, or the service itself, ends it."""

from functools import partial

from .. import haproxy, site
from ..hosts import until
from ..lab import Lab
from ..scenario import healthy, scenario
from .application_services import DROP_INS, ONE_LAYOUT, SERVER, install
from .haproxy import ELSEWHERE

TARGET = f"wss://{site.NAME}/ws"
REFUSED = ("WebSocket closed with code 1011",)
RESTARTED = ("the websocket closes again and again with code 1006",)
RELOADED = ("every reload of haproxy disconnects all websockets",)
SILENT = ("the websocket is closed after 6 seconds, I set 1h in nginx",)

#: A bridge, as websockify is one: its argument names what it connects to.
BRIDGE = SERVER.replace(
    "socket.on('message', data => socket.send(data))",
    """{
  const [host, port] = process.argv[2].split(':');
  const peer = require('net').connect(Number(port), host);
  peer.on('error', error => {
    console.error('handler exception: [Errno 111] Connection refused');
    socket.close(1011, 'Failed to connect to downstream server');
  });
}""",
)
#: What is behind it, a service of its own. It listens at the address of its argument, as guacd
#: does, which takes ::1 for localhost.
SCREEN = """\
const address = process.argv[2].replace('localhost', '::1');
require('net').createServer(socket => socket.resume()).listen(5999, address);
"""
UNIT = """\
[Unit]
Description=What is behind the bridge
[Service]
ExecStart=/usr/bin/node /srv/shop/screen.js {address}
"""
SCREENS = "/etc/systemd/system/screen.service"


def bridge(lab: Lab, address: str, start: bool) -> None:
    server = install(lab, program=BRIDGE)
    lab.edit("server.js\n", "server.js 127.0.0.1:5999\n", "/etc/systemd/system/shop.service")
    server.write("/srv/shop/screen.js", SCREEN)
    server.write(SCREENS, UNIT.format(address=address) + "# It has the port 5999.\n")
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.sh("systemctl stop screen; systemctl reset-failed screen", check=False))
    server.systemctl("start", "shop")
    until(lambda: server.listening(3000), "the bridge listens")
    if start:
        server.systemctl("start", "screen")
        until(lambda: server.listening(5999), "what is behind it listens")


bridge_scenario = partial(
    scenario, target=TARGET, args=REFUSED, outside="websocket.closed-after-upgrade",
    server="upstream.logged-reason", not_on=ONE_LAYOUT,
)  # fmt: skip


@bridge_scenario(differs=("processes", "listeners"))
def behind_the_bridge_nothing_runs(lab: Lab) -> None:
    """https://github.com/novnc/noVNC/issues/493: "I forgot to start the VNC server"."""
    bridge(lab, "127.0.0.1", start=False)


@bridge_scenario(
    differs=("processes", "listeners", f"{SCREENS}.d", f"{SCREENS}.d/zz-diagnose-ExecStart.conf")
)
def behind_the_bridge_is_the_other_loopback_address(lab: Lab) -> None:
    """https://github.com/YunoHost-Apps/guacamole_ynh/issues/19: guacd is on ::1 alone."""
    bridge(lab, "localhost", start=True)


@healthy(target=TARGET, args=REFUSED, not_on=ONE_LAYOUT)
def behind_the_bridge_all_runs(lab: Lab) -> None:
    bridge(lab, "127.0.0.1", start=True)


def limited(lab: Lab, limit: str) -> None:
    server = install(lab, service=f"Restart=always\nRestartSec=0.2\n{limit}")
    server.systemctl("start", "shop")
    until(lambda: server.listening(3000), "the shop listens")
    ask = ["journalctl", "-u", "shop", "-b", "--no-pager"]
    until(lambda: not limit or "runtime time limit" in server.run(ask).stdout, "it was ended", 40)
    until(lambda: server.listening(3000), "the shop listens again")


@scenario(
    target=TARGET, args=RESTARTED, outside=None, server="websocket.ended-by-restart",
    not_on=ONE_LAYOUT,
    differs=("processes", DROP_INS, f"{DROP_INS}/zz-diagnose-RuntimeMaxSec.conf"),
)  # fmt: skip
def service_has_a_limit_of_time(lab: Lab) -> None:
    """https://github.com/systemd/systemd/issues/2249: systemd ends it after a time."""
    limited(lab, "RuntimeMaxSec=25")


@healthy(target=TARGET, args=RESTARTED, not_on=ONE_LAYOUT)
def service_has_no_limit_of_time(lab: Lab) -> None:
    limited(lab, "")


haproxy_scenario = partial(
    scenario, needs=haproxy.needs_haproxy, not_on=ELSEWHERE,
    target=TARGET, outside=None, differs=(haproxy.CONFIG,),
)  # fmt: skip
healthy_haproxy = partial(
    healthy, needs=haproxy.needs_haproxy, not_on=ELSEWHERE,
    target=TARGET,
)  # fmt: skip


def stopped_after(lab: Lab, time: str) -> None:
    stop = f"global\n    hard-stop-after {time}\n"
    haproxy.serve(lab, haproxy.SITE.replace("global\n", stop, 1))


@haproxy_scenario(args=RELOADED, server="server.reload-ends-websockets")
def old_haproxy_has_five_seconds(lab: Lab) -> None:
    """https://github.com/haproxytech/kubernetes-ingress/issues/247: hard-stop-after 30s."""
    stopped_after(lab, "5s")


@healthy_haproxy(args=RELOADED)
def old_haproxy_has_an_hour(lab: Lab) -> None:
    stopped_after(lab, "1h")


INNER = """\
defaults
    mode http
    timeout connect 5s
    timeout client 6s
    timeout server 6s
frontend inner
    bind 127.0.0.1:9000
    default_backend app
backend app
{}    server app1 127.0.0.1:3000
"""


def between(lab: Lab, line: str) -> None:
    haproxy.serve(lab, INNER.format(line), 9000, keep_nginx=True)
    lab.edit("127.0.0.1:3000", "127.0.0.1:9000")
    lab.reload()


@haproxy_scenario(args=SILENT, server="websocket.idle-timeout")
def haproxy_behind_nginx_has_six_seconds(lab: Lab) -> None:
    """https://github.com/m1k1o/neko/issues/73, with nginx in front that has a long time."""
    between(lab, "")


@healthy_haproxy(args=SILENT)
def haproxy_behind_nginx_has_an_hour(lab: Lab) -> None:
    between(lab, "    timeout tunnel 1h\n")
