"""No web server: the application has port 443 itself."""

from .. import certificates
from ..lab import NODE_WS, Lab
from ..scenario import healthy, scenario
from ..web_servers import keep_only
from .nginx_files import LIVE, of_certbot

WS = ("--ws", "/ws")
ELSEWHERE = {"[!n]*": "nginx has no part in it", "nginx*": "the same"}
SERVER = "/var/lib/site/server.js"
TEXT = f"""\
const fs = require('fs'), http = require('http'), https = require('https');
const {{ WebSocketServer }} = require('{NODE_WS}');
const files = {{
  cert: fs.readFileSync('{LIVE}/fullchain.pem'), key: fs.readFileSync('{LIVE}/privkey.pem'),
}};
const server = https.createServer(files, (_, response) => {{
  response.writeHead(200, {{ 'Content-Type': 'text/html' }});
  response.end('<!doctype html><title>Shop</title>');
}});
new WebSocketServer({{ server, path: '/ws' }});
server.listen(443, '0.0.0.0');
http.createServer((request, response) => {{
  response.writeHead(301, {{ Location: `https://${{request.headers.host}}${{request.url}}` }});
  response.end();
}}).listen(80, '0.0.0.0');
"""


def node(lab: Lab, issued: certificates.Issued, text: str = TEXT, port: int = 443) -> None:
    """Node.js on ports 80 and 443, with certbot's files."""
    lab.stop_nginx()
    of_certbot(lab, issued)
    keep_only(lab)
    lab.server.write(SERVER, text)
    lab.spawn(lab.server, ["node", SERVER], port)


@healthy(args=WS, not_on=ELSEWHERE)
def node_serves_the_site(lab: Lab) -> None:
    """Node.js with TLS, a redirect and a WebSocket."""
    node(lab, certificates.good())


@scenario(
    outside="certificate.expired",
    server="certificate.program-not-restarted",
    differs=("processes",),
    not_on=ELSEWHERE,
)
def node_was_not_restarted(lab: Lab) -> None:
    """After questions on Stack Overflow about Node.js and Let's Encrypt ("certificate expired after
    renewal"): the file was renewed, and the process read it months ago."""
    node(lab, certificates.leaf(starts=-95, ends=-5))
    of_certbot(lab, certificates.good())


@scenario(
    outside="certificate.chain-incomplete",
    differs=(SERVER, "processes"),
    not_on=ELSEWHERE,
)
def node_reads_the_leaf_alone(lab: Lab) -> None:
    """After questions about "unable to verify the first certificate": cert.pem in place of
    fullchain.pem."""
    node(lab, certificates.good(), TEXT.replace("fullchain.pem", "cert.pem"))


COPIES = "/var/lib/site/tls"


def _copied(lab: Lab, issued: certificates.Issued) -> None:
    """Node.js reads copies beside its source, and certbot's own files are good."""
    for name, text in (("cert.pem", issued.chain), ("key.pem", issued.key_pem)):
        lab.server.write(f"{COPIES}/{name}", text, 0o600)
    text = TEXT.replace(f"{LIVE}/fullchain.pem", f"{COPIES}/cert.pem")
    node(lab, certificates.good(), text.replace(f"{LIVE}/privkey.pem", f"{COPIES}/key.pem"))


@scenario(
    outside="certificate.expired",
    server="certificate.program-not-restarted",
    differs=(f"{COPIES}/cert.pem", f"{COPIES}/key.pem", "processes"),
    not_on=ELSEWHERE,
)
def node_reads_an_old_copy(lab: Lab) -> None:
    """After https://github.com/notgiven688/webminerpool/issues/61: a renewal has to be copied."""
    _copied(lab, certificates.leaf(starts=-95, ends=-5))


@healthy(args=WS, not_on=ELSEWHERE)
def node_reads_a_copy_that_is_good(lab: Lab) -> None:
    """Its twin: a copy of another issue, which is good."""
    _copied(lab, certificates.leaf(starts=-10, ends=70))


@scenario(
    outside="tls.plain-http",
    manual="a person gives it the files",
    not_on=ELSEWHERE,
)
def node_speaks_plain_http(lab: Lab) -> None:
    """After questions about uvicorn without --ssl-keyfile on port 443."""
    plain = TEXT.replace("https.createServer(files, ", "http.createServer(")
    node(lab, certificates.good(), plain)
