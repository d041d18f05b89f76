"""A program has port 443 itself, as a service of systemd's, and no web server is there."""

from .. import certificates
from ..hosts import until
from ..lab import Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from ..web_servers import keep_only

#: nginx goes from this server; one layout is enough.
ONE_LAYOUT = {"[!d]*": "the service is the same on every platform with systemd"}
PROGRAM, CERTIFICATE, KEY = "/etc/shop/server.js", "/etc/shop/shop.pem", "/etc/shop/shop.key"
LIVE = "/etc/letsencrypt/live/shop.example.com"
ARCHIVE = "/etc/letsencrypt/archive/shop.example.com"
SERVER = f"""\
const fs = require('fs'), http = require('http'), https = require('https');
const {{ WebSocketServer }} = require('/usr/share/nodejs/ws');
const files = {{ cert: fs.readFileSync('{CERTIFICATE}'), key: fs.readFileSync('{KEY}') }};
const site = https.createServer(files, (request, response) => response.end('<p>It works.</p>'));
const sockets = new WebSocketServer({{ server: site, path: '/ws' }});
sockets.on('connection', socket => socket.on('message', data => socket.send(data)));
site.listen(443, '0.0.0.0');
http.createServer((request, response) => {{
  response.writeHead(301, {{ location: 'https://shop.example.com' + request.url }}).end();
}}).listen(80, '0.0.0.0');
"""
UNIT = """\
[Unit]
Description=The shop
[Service]
User=www-data
{capability}
ExecStart=/usr/bin/node /etc/shop/server.js
Restart=on-failure
RestartSec=1
[Install]
WantedBy=multi-user.target
"""
CAPABLE = "AmbientCapabilities=CAP_NET_BIND_SERVICE"


def serve(
    lab: Lab, capability: str = CAPABLE, key_owner: str = "www-data", program: str = SERVER
) -> None:
    """Node in nginx's place, started by its unit."""
    server = lab.server
    assert isinstance(server, Machine)
    lab.stop_nginx()
    keep_only(lab)
    issued = certificates.good()
    server.write(PROGRAM, program)
    server.write(CERTIFICATE, issued.chain)
    server.write(KEY, issued.key_pem, 0o600)
    server.sh(f"chown {key_owner} {KEY}")
    server.write("/etc/systemd/system/shop.service", UNIT.format(capability=capability))
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.systemctl("stop", "shop", check=False))
    server.systemctl("enable", "--now", "shop")


def until_it_failed(lab: Lab, words: str) -> None:
    ask = ["journalctl", "-u", "shop", "-b", "--no-pager"]
    until(lambda: words in lab.server.run(ask).stdout, f"the journal says {words}")


@healthy(not_on=ONE_LAYOUT)
def node_serves_the_site_by_its_unit(lab: Lab) -> None:
    """An ordinary user with CAP_NET_BIND_SERVICE."""
    serve(lab)
    until(lambda: lab.server.listening(443), "node listens on 443")


@scenario(
    outside="tcp.refused",
    server="listener.service-failed",
    not_on=ONE_LAYOUT,
    manual="the step edits a unit by hand",
)
def node_may_not_open_the_port(lab: Lab) -> None:
    """After threads on Stack Overflow: listen EACCES: permission denied 0.0.0.0:443, in a unit with
    User= and without the capability."""
    serve(lab, capability="")
    until_it_failed(lab, "listen EACCES")


@scenario(
    outside="tcp.refused",
    server="listener.service-failed",
    not_on=ONE_LAYOUT,
    differs=("processes",),
)
def node_may_not_read_its_key(lab: Lab) -> None:
    """After an issue of Hysteria: the key is root's alone, and the unit has a user."""
    serve(lab, key_owner="root")
    until_it_failed(lab, "EACCES")


@scenario(
    outside="tcp.refused",
    server="listener.service-failed",
    not_on=ONE_LAYOUT,
    differs=("processes",),
)
def node_may_not_enter_the_folders_of_certbot(lab: Lab) -> None:
    """After threads on Stack Overflow (EACCES: permission denied, open '/etc/letsencrypt/live/…'):
    the folders `live` and `archive` are root's alone, and the unit has a user."""
    server = lab.server
    assert isinstance(server, Machine)
    issued = certificates.good()
    lab.undo(lambda: server.sh("rm -rf /etc/letsencrypt"))
    server.sh(
        f"mkdir -p {LIVE} {ARCHIVE}; chmod 700 /etc/letsencrypt/live /etc/letsencrypt/archive"
    )
    server.write(f"{ARCHIVE}/fullchain1.pem", issued.chain)
    server.write(f"{ARCHIVE}/privkey1.pem", issued.key_pem, 0o600)
    for name in ("fullchain", "privkey"):
        server.sh(f"ln -s ../../archive/shop.example.com/{name}1.pem {LIVE}/{name}.pem")
    program = SERVER.replace(CERTIFICATE, f"{LIVE}/fullchain.pem").replace(
        KEY, f"{LIVE}/privkey.pem"
    )
    serve(lab, program=program)
    until_it_failed(lab, "EACCES")
