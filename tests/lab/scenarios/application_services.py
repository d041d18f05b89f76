"""The application is a service of systemd's, and the unit is what is wrong: nobody started it, it
has a network of its own, an old process has its port. Or it waits for something else."""

from .. import site
from ..hosts import until
from ..lab import HERE, Lab
from ..machines import Machine
from ..scenario import healthy, scenario

#: The service is the same on every platform with systemd; one layout is enough.
ONE_LAYOUT = {"[!d]*": "the service is the same on every platform with systemd"}
PROGRAM = "/srv/shop/server.js"
DROP_INS = "/etc/systemd/system/shop.service.d"
WANTED = "/etc/systemd/system/multi-user.target.wants/shop.service"
SERVER = """\
const http = require('http');
const { WebSocketServer } = require('/usr/share/nodejs/ws');
const site = http.createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><title>Shop</title><p>It works, welcome to the shop.</p>');
});
const sockets = new WebSocketServer({ server: site, path: '/ws' });
sockets.on('connection', socket => socket.on('message', data => socket.send(data)));
site.listen(process.env.SOCKET || Number(process.env.PORT), '127.0.0.1');
"""
#: Opens a connection for each page, and answers when it has got something.
WAITING = """\
const http = require('http'), net = require('net');
http.createServer((request, response) => {
  const database = net.connect(5432, '198.51.100.77');
  database.on('data', () => response.end('<p>page</p>'));
  database.on('error', () => response.end('<p>page</p>'));
}).listen(Number(process.env.PORT), '127.0.0.1');
"""
UNIT = """\
[Unit]
Description=The shop
{unit}
[Service]
User=www-data
Environment=PORT=3000
{service}
ExecStart=/usr/bin/node /srv/shop/server.js
[Install]
WantedBy=multi-user.target
"""


def install(lab: Lab, unit: str = "", service: str = "", program: str = SERVER) -> Machine:
    """The service in the place of the laboratory's application, not started yet."""
    server = lab.server
    assert isinstance(server, Machine)
    lab.application_service.stop()
    server.write(PROGRAM, program)
    server.sh("chmod 755 /srv/shop")
    server.write("/etc/systemd/system/shop.service", UNIT.format(unit=unit, service=service))
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.sh("systemctl stop shop; systemctl reset-failed shop", check=False))
    return server


def start(lab: Lab, unit: str = "", service: str = "", program: str = SERVER) -> Machine:
    server = install(lab, unit, service, program)
    server.systemctl("start", "shop")
    until(lambda: server.listening(3000), "the shop listens")
    return server


def journal_says(server: Machine, words: str) -> None:
    ask = ["journalctl", "-u", "shop", "-b", "--no-pager"]
    until(lambda: words in server.run(ask).stdout, f"the journal says {words}")


@healthy(not_on=ONE_LAYOUT)
def application_is_a_service(lab: Lab) -> None:
    """As it should be, with units of others that do not run, and a check of it that failed."""
    server = start(lab)
    old = UNIT.format(unit="", service="").replace("3000", "3999")
    server.write("/etc/systemd/system/oldshop.service", old)
    # A worker has no port, and was started a moment ago.
    worker = "[Service]\nExecStart=/usr/bin/tail -f /dev/null\n"
    server.write("/etc/systemd/system/worker.service", worker)
    server.systemctl("daemon-reload")
    server.systemctl("start", "worker")
    lab.undo(lambda: server.sh("systemctl stop worker", check=False))
    check = "[Service]\nType=oneshot\nExecStart=/usr/bin/curl -f http://127.0.0.1:3000/missing/%%\n"
    server.write("/etc/systemd/system/check.service", check)
    server.systemctl("daemon-reload")
    server.systemctl("start", "check", check=False)
    lab.undo(lambda: server.systemctl("reset-failed", "check", check=False))


@scenario(
    outside="http.server-error", server="upstream.service-failed",
    differs=("processes", WANTED), not_on=ONE_LAYOUT,
)  # fmt: skip
def service_of_the_application_is_not_enabled(lab: Lab) -> None:
    """After a reboot nobody has started it."""
    install(lab)


@scenario(
    outside="http.server-error", server="upstream.service-failed", differs=("processes",),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def service_of_the_application_was_stopped(lab: Lab) -> None:
    """By hand, and forgotten."""
    server = start(lab)
    server.systemctl("enable", "shop")
    server.systemctl("stop", "shop")


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    manual="the file is missing",
)  # fmt: skip
def condition_of_the_service_is_not_met(lab: Lab) -> None:
    """ConditionPathExists=: systemd leaves it out, and says so only in the journal."""
    server = install(lab, unit="ConditionPathExists=/srv/shop/.env")
    server.systemctl("start", "shop")
    journal_says(server, "unmet condition")


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    manual="the step edits a unit by hand",
)  # fmt: skip
def service_of_the_application_has_its_own_network(lab: Lab) -> None:
    """PrivateNetwork=yes, from a list of hardening: it runs, and nginx does not reach it."""
    install(lab, service="PrivateNetwork=yes").systemctl("start", "shop")


def _at_socket(lab: Lab, service: str) -> None:
    """The application has a Unix socket in a folder of its own below /run."""
    server = install(lab, service=f"Environment=SOCKET=/run/shop/shop.sock\nUMask=0000\n{service}")
    lab.undo(lambda: server.sh("rm -rf /run/shop", check=False))
    server.systemctl("start", "shop", check=False)
    target = "http://unix:/run/shop/shop.sock"
    lab.change("proxy_pass http://127.0.0.1:3000;", f"proxy_pass {target};")


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    differs=("processes", "/run/shop", DROP_INS, f"{DROP_INS}/run-folder.conf"),
)  # fmt: skip
def folder_of_the_socket_is_gone_after_a_boot(lab: Lab) -> None:
    """https://github.com/benoitc/gunicorn/pull/1401: without RuntimeDirectory= nobody makes it."""
    _at_socket(lab, "")
    journal_says(lab.server, "shop.sock")  # type: ignore[arg-type]


@healthy(not_on=ONE_LAYOUT)
def folder_of_the_socket_is_made_by_its_unit(lab: Lab) -> None:
    _at_socket(lab, "RuntimeDirectory=shop")


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    manual="which of the two ports is meant is a choice",
)  # fmt: skip
def service_listens_on_the_port_of_an_override(lab: Lab) -> None:
    """A drop-in of last year changes the port that the unit names."""
    override = "/etc/systemd/system/shop.service.d/override.conf"
    lab.server.write(override, "[Service]\nEnvironment=PORT=3001\n")
    server = install(lab)
    server.systemctl("start", "shop")
    until(lambda: server.listening(3001), "it listens on the other port")


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    manual="a module has to be installed",
)  # fmt: skip
def service_behind_a_socket_unit_fails(lab: Lab) -> None:
    """gunicorn.socket and gunicorn.service of many guides: systemd has the socket until too many
    starts have failed."""
    path = "/etc/systemd/system/shop.socket"
    lab.server.write(path, "[Socket]\nListenStream=/run/shop.sock\n")
    server = install(lab, unit="Requires=shop.socket", program="require('express')\n")
    stop = "systemctl stop shop.socket; systemctl reset-failed shop.socket; rm -f /run/shop.sock"
    lab.undo(lambda: server.sh(stop, check=False))
    server.systemctl("start", "shop.socket")
    lab.change("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://unix:/run/shop.sock;")
    lab.visit()
    journal_says(server, "Cannot find module")


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    manual="the module has to be installed",
)  # fmt: skip
def service_whose_ini_file_names_the_socket_fails(lab: Lab) -> None:
    """`uwsgi --ini uwsgi.ini` of many guides: the socket stands in that file alone, and a service
    of somebody else's has failed too."""
    server = install(lab, service="WorkingDirectory=/srv/shop", program="require('express')\n")
    server.write("/srv/shop/uwsgi.ini", "[uwsgi]\nsocket = /run/shop/uwsgi.sock\n")
    unit = "/etc/systemd/system/shop.service"
    server.write(
        unit, server.path(unit).read_text().replace("server.js", "server.js --ini uwsgi.ini")
    )
    server.write("/etc/systemd/system/backup.service", "[Service]\nExecStart=/usr/bin/false\n")
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.run(["systemctl", "reset-failed", "backup"]))
    server.systemctl("start", "shop")
    server.systemctl("start", "backup")
    journal_says(server, "Cannot find module")
    passed = "include uwsgi_params; uwsgi_pass unix:/run/shop/uwsgi.sock;"
    lab.change("proxy_pass http://127.0.0.1:3000;", passed)


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    manual="it is ready in a while",
)  # fmt: skip
def service_of_the_application_still_starts(lab: Lab) -> None:
    """A program of Spring's loads for a minute and more: its unit does not name the port, and it
    was started a moment ago."""
    late = SERVER.replace(
        "site.listen(", "setTimeout(() => site.listen(3000, '127.0.0.1'), 9e5); ("
    )
    server = install(lab, program=late.replace("'127.0.0.1');", "0);"))
    unit = "/etc/systemd/system/shop.service"
    server.write(unit, server.path(unit).read_text().replace("Environment=PORT=3000\n", ""))
    server.systemctl("daemon-reload")
    server.systemctl("start", "shop")


@scenario(
    outside="http.server-error", server="upstream.socket-unreachable", not_on=ONE_LAYOUT,
    manual="where the socket is to be is a choice",
)  # fmt: skip
def socket_of_the_service_is_in_its_own_tmp(lab: Lab) -> None:
    """PrivateTmp=yes in the application's unit: nobody else sees its socket."""
    server = install(lab, service="PrivateTmp=yes\nEnvironment=SOCKET=/tmp/shop.sock")
    server.systemctl("start", "shop")
    until(lambda: "/tmp/shop.sock" in server.run(["ss", "-lx"]).stdout, "the shop listens")
    lab.change("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://unix:/tmp/shop.sock;")


@scenario(
    outside="http.server-error", server="upstream.socket-unreachable",
    manual="the application has to be restarted",
)  # fmt: skip
def socket_was_deleted_while_the_application_runs(lab: Lab) -> None:
    """A cleaner of /tmp took it: the application still listens, and nobody finds it."""
    lab.server.sh("rm -f /run/app.sock")
    argv = lab.server.python(str(HERE / "application.py"), "--unix", "/run/app.sock")
    lab.spawn(lab.server, argv, lab.server.path("/run/app.sock").exists)
    lab.server.sh("rm /run/app.sock")
    lab.change("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://unix:/run/app.sock;")


@scenario(
    outside=None, server="upstream.port-held", not_on=ONE_LAYOUT,
    manual="which of the two is the right one is a choice",
)  # fmt: skip
def old_process_has_the_port_of_the_service(lab: Lab) -> None:
    """Started by hand before there was a unit: visitors get the old version."""
    server = install(lab, service="Restart=always\nRestartSec=1")
    server.write("/srv/old/server.js", SERVER.replace("It works", "The old version works"))
    lab.spawn(server, ["env", "PORT=3000", "node", "/srv/old/server.js"], 3000)
    server.run(["systemctl", "--no-block", "start", "shop"])
    journal_says(server, "EADDRINUSE")


#: Its message names no port: "OSError: [Errno 98] Address already in use".
PYTHON = """
import http.server

body = open("/srv/shop/page.html", "rb").read()

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3000), Page).serve_forever()
"""


def _by_python(lab: Lab, is_old: bool) -> None:
    """https://github.com/home-assistant/core/issues/1635: somebody started it before the service
    did, in another folder."""
    server = install(lab, service="Restart=on-failure\nRestartSec=1")
    page = "<!doctype html><title>Shop</title><p>Welcome to the shop.</p>"
    server.write("/srv/shop/server.py", PYTHON)
    server.write("/srv/shop/page.html", page.replace("Welcome to", "The old version of"))
    unit, command = "/etc/systemd/system/shop.service", ["/usr/bin/python3", "/srv/shop/server.py"]
    text = server.path(unit).read_text().replace("Environment=PORT=3000\n", "")
    server.write(unit, text.replace("/usr/bin/node /srv/shop/server.js", " ".join(command)))
    server.systemctl("daemon-reload")
    if is_old:
        lab.spawn(server, command, 3000)
    server.write("/srv/shop/page.html", page)
    server.run(["systemctl", "--no-block", "start", "shop"])
    if is_old:
        journal_says(server, "Errno 98")
    else:
        until(lambda: server.listening(3000), "the shop listens")


@scenario(
    outside=None, server="upstream.port-held", not_on=ONE_LAYOUT,
    manual="the program has no WebSocket, for which the laboratory asks after a cure",
)  # fmt: skip
def old_copy_has_the_port_that_no_unit_names(lab: Lab) -> None:
    _by_python(lab, True)


@healthy(not_on=ONE_LAYOUT)
def service_whose_unit_names_no_port(lab: Lab) -> None:
    _by_python(lab, False)


@scenario(
    outside=None, server="upstream.service-restarts", not_on=ONE_LAYOUT,
    manual="the program has to be mended",
)  # fmt: skip
def service_of_the_application_ends_again_and_again(lab: Lab) -> None:
    """It has just been started once more, and answers."""
    lab.undo(lambda: lab.server.sh("rm -rf /run/starts"))
    count = "const fs = require('fs'); fs.appendFileSync('/run/starts/n', 'x');\n"
    fail = "if (fs.statSync('/run/starts/n').size < 5) throw new Error('Redis connection lost');\n"
    lab.server.sh("mkdir -p /run/starts; chmod 777 /run/starts")
    often = "Restart=always\nRestartSec=100ms\nStartLimitIntervalSec=0"
    start(lab, service=often, program=count + fail + SERVER)


@scenario(
    outside="http.server-error", server="upstream.connection-pending", not_on=ONE_LAYOUT,
    manual="the way to the database is closed elsewhere", also=("websocket.not-upgraded",),
)  # fmt: skip
def application_waits_for_a_database_behind_a_filter(lab: Lab) -> None:
    """Its packets are dropped on the way, and each page waits for two minutes."""
    lab.cloud("tcp dport 5432 drop")
    start(lab, program=WAITING)


STATIC = "  root /srv/site;\n  location / { try_files $uri $uri/ =404; }\n\n"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
FSTAB = "UUID=3e6be9de-8139-11d1-9106-a43f08d823a6 /srv/site ext4 defaults,nofail 0 2\n"


@scenario(outside=None, server="host.disk-not-mounted", manual="there is no such disk")
def disk_of_the_site_is_not_mounted(lab: Lab) -> None:
    """The server has booted without it, and the folder is empty."""
    server = lab.server
    was = server.read("/etc/fstab") if server.path("/etc/fstab").exists() else ""
    lab.undo(lambda: server.write("/etc/fstab", was))
    server.write("/etc/fstab", was + FSTAB)
    server.sh("mkdir -p /srv/site; chmod 755 /srv/site")
    lab.change(PAGES, STATIC)


@healthy()
def disk_of_the_backups_is_not_mounted(lab: Lab) -> None:
    """The site does not need it."""
    server = lab.server
    was = server.read("/etc/fstab") if server.path("/etc/fstab").exists() else ""
    lab.undo(lambda: server.write("/etc/fstab", was))
    server.write("/etc/fstab", was + FSTAB.replace("/srv/site", "/srv/backup"))
