"""Visitors come through a tunnel of frp's. The router plays frps; a program in Node plays frpc: it
reads the same frpc.toml, and gets the visitors at a port of its own. The real ones were not run.
"""

import json

from .. import site
from ..lab import SERVER, Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from .addresses import OTHER, WEBSOCKETS, hold, other_machine
from .cloudflared import ONE_LAYOUT

PROGRAM, CONFIG = "/srv/frp/frpc.js", "/etc/frp/frpc.toml"
UNIT = "/etc/systemd/system/frpc.service"
#: frp, pkg/util/vhost/resource.go
NOT_FOUND = "<h1>The page you requested was not found.</h1><p><em>Faithfully yours, frp.</em></p>"
CLIENT = (
    f"const page = {json.dumps(NOT_FOUND)};\n"
    + """\
const fs = require('fs'), http = require('http'), net = require('net');
const text = fs.readFileSync(process.argv[process.argv.indexOf('-c') + 1], 'utf8');
const setting = name => (text.match(new RegExp('^' + name + ' *= *(.*)$', 'm')) || [])[1];
const port = Number(setting('localPort')), names = JSON.parse(setting('customDomains'));
if (setting('type') === '"http"') {
  const front = http.createServer((request, response) => {
    const missing = () => {
      if (!response.headersSent) response.writeHead(404, { 'Content-Type': 'text/html' });
      response.end(page);
    };
    if (!names.includes(request.headers.host)) return missing();
    const { url: path, method, headers } = request;
    const inner = http.request({ host: '127.0.0.1', port, path, method, headers, agent: false });
    inner.on('response', answer => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    inner.on('error', missing);
    request.pipe(inner);
  });
  front.on('upgrade', (request, socket) => {
    const inner = net.connect(port, '127.0.0.1', () => {
      const rows = [`${request.method} ${request.url} HTTP/1.1`];
      const raw = request.rawHeaders;
      for (let i = 0; i < raw.length; i += 2) rows.push(`${raw[i]}: ${raw[i + 1]}`);
      inner.write(rows.join('\\r\\n') + '\\r\\n\\r\\n');
      inner.pipe(socket).pipe(inner);
    });
    const end = () => { inner.destroy(); socket.destroy(); };
    for (const each of [inner, socket]) each.on('error', end);
  });
  front.listen(9443);
} else net.createServer(socket => {
  const inner = net.connect(port, '127.0.0.1', () => inner.pipe(socket).pipe(inner));
  const end = () => { inner.destroy(); socket.destroy(); };
  for (const each of [inner, socket]) each.on('error', end);
}).listen(9443);
"""
)
SERVICE = """\
[Service]
ExecStart=/srv/frp/frpc /srv/frp/frpc.js -c /etc/frp/frpc.toml

[Install]
WantedBy=multi-user.target
"""
TOML = """\
serverAddr = "frp.example.net"
auth.token = "123456"

[[proxies]]
name = "web"
type = "{kind}"
localIP = "127.0.0.1"
localPort = {port}
customDomains = ["{name}"]
"""
EDGE = (
    f"proxy_pass http://{SERVER}:9443; proxy_set_header Host $host; proxy_http_version 1.1; "
    f"error_page 502 =404 @frp; {WEBSOCKETS} }} location @frp {{ default_type text/html; "
    f"return 404 '{NOT_FOUND}';"
)


def through_frp(
    lab: Lab, port: int, name: str = site.NAME, kind: str = "http", starts: bool = True
) -> None:
    """The name leads to frps, and frpc passes visitors on by this configuration."""
    server = lab.server
    assert isinstance(server, Machine)
    server.write(PROGRAM, CLIENT)
    server.sh("ln -sf /usr/bin/node /srv/frp/frpc")
    server.write(CONFIG, TOML.format(port=port, name=name, kind=kind))
    server.write(UNIT, SERVICE)
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.sh("systemctl disable -q --now frpc; rm -rf /srv/frp", check=False))
    server.systemctl("enable", "frpc")
    if starts:
        server.systemctl("start", "frpc")
    server.sh("firewall-cmd -q --add-port=9443/tcp", check=False)
    if kind == "http":
        other_machine(lab, EDGE)
    else:
        hold(lab)
        for outer, inner in ((443, 9443), (80, 80)):
            argv = lab.router.application("relay", OTHER, str(outer), str(inner), SERVER)
            lab.spawn(lab.router, argv, outer)
    lab.dns([OTHER])


def plain_site(lab: Lab) -> None:
    """nginx has the site without TLS too, on a port of loopback."""
    plain = site.HTTPS.replace("443 ssl", "127.0.0.1:8080")
    plain = "\n".join(line for line in plain.split("\n") if "ssl_" not in line)
    lab.server.write(site.CONF, f"{site.MAP}\n{site.HTTPS}\n{plain}\n{site.HTTP}")
    lab.restart_nginx()


@scenario(
    outside="http.not-the-site", server="server.tunnel-target-down", differs=(CONFIG,),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def frpc_leads_to_a_port_where_nothing_listens(lab: Lab) -> None:
    """https://github.com/fatedier/frp/issues/2208: the page of frps; nginx has another port."""
    plain_site(lab)
    through_frp(lab, 8088)


@scenario(
    outside="http.not-the-site", server="server.tunnel-name-missing", differs=(CONFIG,),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def frpc_lacks_the_name(lab: Lab) -> None:
    """https://github.com/fatedier/frp/issues/1226: `customDomains` has another name."""
    plain_site(lab)
    through_frp(lab, 8080, f"www.{site.NAME}")


@scenario(
    outside="http.not-the-site", server="server.tunnel-client-down",
    differs=("processes", "listeners"), not_on=ONE_LAYOUT,
)  # fmt: skip
def frpc_does_not_run(lab: Lab) -> None:
    plain_site(lab)
    through_frp(lab, 8080, starts=False)


@scenario(
    outside="tls.plain-http", server="server.tunnel-to-plain-http", differs=(CONFIG,),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def frpc_leads_tls_to_the_port_of_plain_http(lab: Lab) -> None:
    """https://github.com/fatedier/frp/issues/888: type https, and port 80."""
    through_frp(lab, 80, kind="https")


@healthy(not_on=ONE_LAYOUT)
def frpc_leads_to_plain_http(lab: Lab) -> None:
    plain_site(lab)
    through_frp(lab, 8080)
