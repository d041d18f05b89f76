"""Conditions of HAProxy's rules that mean something else than they seem to, as in threads."""

from .. import haproxy
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

CHALLENGE = "http://shop.example.com/.well-known/acme-challenge/evaGxfADs6pSRb2L"
BY_NAME = "    use_backend app if { ssl_fc_sni shop.example.com }\n"
TO_CERTBOT = """\
    acl acme path_beg -i /.well-known/acme-challenge/
    use_backend certbot if acme
"""


def challenges_over_https(lab: Lab, rules: str) -> None:
    """Port 80 redirects all to https; a program of its own answers challenges there, and the
    application does not."""
    lab.application("--mode", "no-challenge")
    program = str(haproxy.__file__).replace("haproxy.py", "application.py")
    lab.spawn(lab.server, lab.server.python(program, "--port", "3001"), 3001)
    text = SITE.replace("    default_backend app\n", rules)
    haproxy.serve(lab, f"{text}\nbackend certbot\n    server certbot1 127.0.0.1:3001\n")


@haproxy_scenario(
    outside="http.redirect-to-error",
    server="server.haproxy-rule-shadowed",
    target=CHALLENGE,
    differs=(haproxy.CONFIG,),
)
def haproxy_rule_for_challenges_comes_too_late(lab: Lab) -> None:
    """https://github.com/hlandau/acmetool/issues/259: the name's rule takes what the redirect
    leads to."""
    challenges_over_https(lab, BY_NAME + TO_CERTBOT)


@healthy_haproxy(target=CHALLENGE)
def haproxy_rule_for_challenges_comes_first(lab: Lab) -> None:
    challenges_over_https(lab, TO_CERTBOT + BY_NAME)


def styles_by_their_ending(lab: Lab, method: str) -> None:
    """Another program has the style sheets of the page."""
    page = (
        "<!doctype html><title>Shop</title><link rel=stylesheet href=/theme/site.css><p>It works."
    )
    html = "response.setHeader('Content-Type', 'text/html')"
    pages = f"{html}; if (request.url === '/') return response.end('{page}')"
    gone = "response.statusCode = 404; response.end('gone')"
    styles = "response.setHeader('Content-Type', 'text/css'); response.end('p { margin: 0 }')"
    for port, body in ((3008, f"{pages}; {gone}"), (3009, styles)):
        listen = f"require('http').createServer((request, response) => {{ {body} }})"
        lab.spawn(lab.server, ["node", "-e", f"{listen}.listen({port}, '127.0.0.1')"], port)
    rules = f"""\
    acl is_css path_end {method}css
    use_backend styles if is_css
    use_backend pages if {{ path / }} || {{ path_beg /theme/ }}
    default_backend app
"""
    text = SITE.replace("    default_backend app\n", rules)
    backends = "backend styles\n    server styles1 127.0.0.1:3009\n"
    backends += "backend pages\n    server pages1 127.0.0.1:3008\n"
    haproxy.serve(lab, f"{text}\n{backends}")


@haproxy_scenario(
    outside="http.page-file-missing",
    server="server.haproxy-path-exact",
    differs=(haproxy.CONFIG,),
)
def haproxy_flag_takes_the_place_of_the_ending(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/2567: `path_end -m str` is true for no file."""
    styles_by_their_ending(lab, "-m str ")


@healthy_haproxy()
def haproxy_compares_the_ending(lab: Lab) -> None:
    styles_by_their_ending(lab, "")


HEALTH = "https://shop.example.com/health"


def health_page(lab: Lab, condition: str) -> None:
    """HAProxy itself says for a monitor whether the backend has a server."""
    plain = "content-type text/plain string"
    rules = f"""\
    acl is_down nbsrv(app) lt 1
    http-request return status 503 {plain} Unavailable if {condition}
    http-request return status 200 {plain} OK if {{ path /health }}
"""
    haproxy.serve(lab, SITE.replace("    default_backend", f"{rules}    default_backend"))


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-operator-in-braces",
    target=HEALTH,
    differs=(haproxy.CONFIG,),
)
def haproxy_operator_is_in_the_braces(lab: Lab) -> None:
    """https://github.com/spotfiresoftware/spotfire-cloud-deployment-kit/issues/27: the health page
    is 503 while the backend is up."""
    health_page(lab, "{ path /health && is_down }")


@healthy_haproxy(target=HEALTH)
def haproxy_operator_is_beside_the_braces(lab: Lab) -> None:
    health_page(lab, "{ path /health } is_down")


QUERY = "https://shop.example.com/index.php?route=api/users"


def interface_by_its_query(lab: Lab, condition: str) -> None:
    """An interface and the pages are programs of their own below /index.php."""
    gone = "if (!request.url.includes('route=api')) response.statusCode = 404"
    for port, body in ((3008, "response.statusCode = 404"), (3009, gone)):
        listen = f"require('http').createServer((request, response) => {{ {body};"
        code = f"{listen} response.end('users') }}).listen({port}, '127.0.0.1')"
        lab.spawn(lab.server, ["node", "-e", code], port)
    rules = f"    use_backend api if {condition}\n    use_backend pages if {{ path /index.php }}\n"
    text = SITE.replace("    default_backend", f"{rules}    default_backend")
    backends = "backend api\n    server api1 127.0.0.1:3009\n"
    backends += "backend pages\n    server pages1 127.0.0.1:3008\n"
    haproxy.serve(lab, f"{text}\n{backends}")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-query-in-path",
    target=QUERY,
    differs=(haproxy.CONFIG,),
)
def haproxy_looks_for_the_query_in_the_path(lab: Lab) -> None:
    """After threads about `path_beg /index.php?…`: no path has a question mark."""
    interface_by_its_query(lab, "{ path_beg /index.php?route=api }")


@healthy_haproxy(target=QUERY)
def haproxy_compares_path_and_query(lab: Lab) -> None:
    interface_by_its_query(lab, "{ pathq -m beg /index.php?route=api }")


KERNEL = "/?endpoint=jupyter-1/ws"


def kernels_by_their_endpoint(lab: Lab, rule: str) -> None:
    """The pages are at the default, and the WebSocket's path stands in the query."""
    rules = "    use_backend kernels if { url_sub endpoint=jupyter-1 }\n"
    text = SITE.replace("    default_backend", f"{rules}    default_backend")
    backend = f"backend kernels\n    http-request {rule}\n    server k1 127.0.0.1:3009\n"
    lab.spawn(lab.server, ["node", "-e", WEBSOCKETS], 3009)
    haproxy.serve(lab, f"{text}\n{backend}")


WEBSOCKETS = """const crypto = require('crypto');
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const server = require('http').createServer((request, response) => {
  response.writeHead(302, { Location: '/lab' }); response.end();
});
server.on('upgrade', (request, socket) => {
  socket.on('error', () => socket.destroy());  // else the program ends with a visitor's connection
  if (request.url !== '/ws') {
    return socket.end('HTTP/1.1 302 Found\\r\\nLocation: /lab\\r\\nContent-Length: 0\\r\\n\\r\\n');
  }
  const key = request.headers['sec-websocket-key'] + guid;
  const accept = crypto.createHash('sha1').update(key).digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n' +
    `Connection: Upgrade\\r\\nSec-WebSocket-Accept: ${accept}\\r\\n\\r\\n`);
});
server.listen(3009, '127.0.0.1');"""


@haproxy_scenario(
    outside="websocket.redirected",
    server="server.haproxy-query-in-path",
    target=f"wss://shop.example.com{KERNEL}",
    manual="a person writes the pattern",
)
def haproxy_replaces_the_path_by_its_query(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/829: `replace-path` has no query."""
    kernels_by_their_endpoint(lab, r"replace-path /(.*)?endpoint=jupyter-1(.*) /\1\2")


@healthy_haproxy(target=f"wss://shop.example.com{KERNEL}")
def haproxy_replaces_path_and_query(lab: Lab) -> None:
    kernels_by_their_endpoint(lab, r"replace-pathq '^/\?endpoint=jupyter-1(.*)' '\1'")
