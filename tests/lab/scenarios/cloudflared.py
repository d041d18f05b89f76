"""Visitors come through a tunnel of Cloudflare's. The router plays the edge; a program in Node
plays cloudflared: it reads the same config.yml, gets the visitors at a port of its own, and
verifies certificates with the system's authorities. The real one needs an account, and was not run.
"""

from .. import site
from ..lab import SERVER, Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from .addresses import OTHER, WEBSOCKETS, other_machine

PROGRAM, CONFIG = "/srv/cloudflared/cloudflared.js", "/etc/cloudflared/config.yml"
UNIT = "/etc/systemd/system/cloudflared.service"
CLIENT = """\
const fs = require('fs'), http = require('http'), https = require('https');
const text = fs.readFileSync(process.argv[process.argv.indexOf('--config') + 1], 'utf8');
const rules = text.split(/^ *- +/m).slice(1).map(block => {
  const field = name => (block.match(new RegExp('^ *' + name + ': *(\\\\S+)', 'm')) || [])[1];
  return { host: field('hostname'), service: field('service'), name: field('originServerName'),
           unverified: field('noTLSVerify') === 'true' };
});
const ca = fs.readFileSync('/etc/ssl/certs/ca-certificates.crt');
const choose = request => {
  const rule = rules.find(each => !each.host || each.host === request.headers.host);
  const status = rule.service.match(/^http_status:(\\d+)/);
  return { rule, status: status && Number(status[1]) };
};
const ask = (rule, request) => {
  const url = new URL(rule.service), secure = url.protocol === 'https:';
  const name = rule.name || url.hostname, check = require('tls').checkServerIdentity;
  return (secure ? https : http).request({
    host: url.hostname, port: url.port || (secure ? 443 : 80), path: request.url, agent: false,
    method: request.method, headers: request.headers, ca, rejectUnauthorized: !rule.unverified,
    servername: /^[\\d.]+$/.test(name) ? '' : name,
    ...(rule.name && { checkServerIdentity: (_, chain) => check(name, chain) }),
  });
};
const front = http.createServer((request, response) => {
  const { rule, status } = choose(request);
  if (status) return response.writeHead(status).end();
  const inner = ask(rule, request);
  inner.on('response', answer => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  inner.on('error', error => {
    console.error(`ERR error="Unable to reach the origin service. ${error.message}"`);
    response.writeHead(502);
    response.end('Unable to reach the origin service. The service may be down.');
  });
  request.pipe(inner);
});
front.on('upgrade', (request, socket) => {
  socket.on('error', () => socket.destroy());  // else the program ends with a visitor's connection
  const { rule, status } = choose(request);
  const refuse = code => socket.end(`HTTP/1.1 ${code} Refused\\r\\nContent-Length: 0\\r\\n\\r\\n`);
  if (status) return refuse(status);
  const inner = ask(rule, request);
  inner.on('upgrade', (answer, other) => {
    const fields = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\\r\\n`);
    socket.write(`HTTP/1.1 101 Switching Protocols\\r\\n${fields.join('')}\\r\\n`);
    other.pipe(socket).pipe(other);
    socket.on('error', () => other.destroy());
    other.on('error', () => socket.destroy());
  });
  inner.on('response', answer => refuse(answer.statusCode));
  inner.on('error', () => refuse(502));
  inner.end();
});
front.listen(9443);
const settings = each => ({ originServerName: each.name || '', noTLSVerify: each.unverified });
const ingress = rules.map(each => (
  { hostname: each.host || '', service: each.service, originRequest: settings(each) }
));
const version = process.env.VERSION;
const config = JSON.stringify({ version: Number(version), config: { ingress } });
if (version) http.createServer((_, response) => response.end(config)).listen(20241, '127.0.0.1');
"""
SERVICE = """\
[Service]
Environment=VERSION={version}
ExecStart=/srv/cloudflared/cloudflared /srv/cloudflared/cloudflared.js --config {config} tunnel run
"""
EDGE = (
    f"proxy_pass http://{SERVER}:9443; proxy_set_header Host $host; proxy_http_version 1.1; "
    f"add_header CF-RAY 8474b7654d1e1143-ORD always; {WEBSOCKETS}"
)
RULES = """\
tunnel: 6ff42ae2-765d-4adf-8112-31c55c1551ef
credentials-file: /etc/cloudflared/6ff42ae2-765d-4adf-8112-31c55c1551ef.json
ingress:
  - hostname: {name}
    service: {service}
  - service: http_status:404
"""
TRUSTED = "    service: https://localhost:443\n    originRequest:\n      originServerName: {name}\n"
#: systemd boots on Debian's layout.
ONE_LAYOUT = {"[!d]*": "the tunnel's client is the same on every platform"}


def through_cloudflared(
    lab: Lab, service: str, text: str = RULES, version: str = "", config: str = CONFIG
) -> None:
    """The name leads to the edge, and the client passes visitors on by this configuration."""
    server = lab.server
    assert isinstance(server, Machine)
    server.write(PROGRAM, CLIENT)
    server.sh("ln -sf /usr/bin/node /srv/cloudflared/cloudflared")
    server.write(config, text.format(name=site.NAME, service=service))
    server.write(UNIT, SERVICE.format(version=version, config=config))
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.sh("systemctl stop cloudflared; rm -rf /srv/cloudflared", check=False))
    server.systemctl("start", "cloudflared")
    server.sh("firewall-cmd -q --add-port=9443/tcp", check=False)
    other_machine(lab, EDGE)
    lab.dns([OTHER])


@scenario(
    outside="http.not-the-site", server="server.tunnel-tls-fails", differs=(CONFIG,),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def certificate_is_not_for_the_address_of_the_tunnel(lab: Lab) -> None:
    """https://github.com/coollabsio/coolify-docs/pull/684: the service became
    https://localhost:443, and the certificate is for the site's name."""
    through_cloudflared(lab, "https://localhost:443")


@scenario(
    outside="http.not-the-site", server="server.tunnel-tls-fails", differs=(CONFIG,),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def tunnel_speaks_tls_to_plain_http(lab: Lab) -> None:
    plain = site.HTTPS.replace("443 ssl", "127.0.0.1:8080")
    plain = "\n".join(line for line in plain.split("\n") if "ssl_" not in line)
    lab.server.write(site.CONF, f"{site.MAP}\n{site.HTTPS}\n{plain}\n{site.HTTP}")
    lab.restart_nginx()
    through_cloudflared(lab, "https://127.0.0.1:8080")


@scenario(
    outside="http.plain-to-tls-port", server="server.tunnel-tls-fails", differs=(CONFIG,),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def tunnel_speaks_plain_http_to_tls(lab: Lab) -> None:
    """Issue 770 of cloudflare/cloudflared, with nginx in Webmin's place."""
    through_cloudflared(lab, "http://localhost:443")


@scenario(
    outside="http.not-the-site", server="server.tunnel-tls-fails", not_on=ONE_LAYOUT,
    manual="the tunnel's settings are in Cloudflare's dashboard",
)  # fmt: skip
def certificate_is_not_for_the_address_of_a_tunnel_of_the_dashboard(lab: Lab) -> None:
    through_cloudflared(
        lab, "https://localhost:443", version="3", config="/srv/cloudflared/remote.yml"
    )


@scenario(
    outside="http.not-the-site", server="server.tunnel-tls-fails", not_on=ONE_LAYOUT,
    differs=(CONFIG,),
)  # fmt: skip
def tunnel_was_not_restarted_after_the_edit(lab: Lab) -> None:
    through_cloudflared(lab, "https://localhost:443", version="-1")
    text = lab.server.read(CONFIG)
    own = TRUSTED.format(name=site.NAME)
    lab.server.write(CONFIG, text.replace("    service: https://localhost:443\n", own))


@scenario(
    outside=None, server="server.tunnel-rule-missing", differs=(CONFIG,),
    not_on=ONE_LAYOUT,
)  # fmt: skip
def tunnel_has_no_rule_for_the_name(lab: Lab) -> None:
    """https://github.com/peakflo/20x/pull/406: no rule has the name, so the last one answers."""
    text = RULES.replace("{name}", "www.shop.example.com")
    through_cloudflared(lab, "http://127.0.0.1:3000", text)


@healthy(not_on=ONE_LAYOUT)
def tunnel_that_names_the_certificate(lab: Lab) -> None:
    text = RULES.replace("    service: {service}\n", TRUSTED)
    through_cloudflared(lab, "", text)


@healthy(not_on=ONE_LAYOUT)
def tunnel_to_plain_http(lab: Lab) -> None:
    through_cloudflared(lab, "http://127.0.0.1:3000")
