"""Caddy asks whether a visitor may pass at a path that the service lacks, or about its login."""

from .. import caddy
from ..caddy import KEY, PEM
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy

SERVICE = """\
require('http').createServer((request, response) => {
  const path = request.url.split('?')[0];
  response.setHeader('content-type', 'text/html');
  if (path === '/api/verify') {
    response.statusCode = 302;
    response.setHeader('location', 'https://shop.example.com/login');
  } else if (path !== '/login') response.statusCode = path === '/api/allow' ? 200 : 404;
  response.end('<!doctype html><title>Log in</title><p>The name and the password, please.</p>');
}).listen(9091, '127.0.0.1');
"""
ROUTES = (
    "\thandle /login* {\n\t\treverse_proxy 127.0.0.1:9091\n\t}\n"
    "\thandle {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n"
)


def serve(lab: Lab, ask: str, uri: str, routes: str = "\treverse_proxy 127.0.0.1:3000\n") -> None:
    lab.server.write("/srv/shop/auth.js", SERVICE)
    lab.spawn(lab.server, ("node", "/srv/shop/auth.js"), 9091)
    asked = f"\t{ask} 127.0.0.1:9091 {{\n\t\turi {uri}\n\t}}\n"
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{asked}{routes}}}\n")


@caddy_scenario(
    outside="http.redirect-loop",
    server="server.caddy-auth-request-fails",
    manual="nobody logs in here; the healthy twin below is what the remedy writes",
)
def caddy_asks_about_the_login_page_itself(lab: Lab) -> None:
    serve(lab, "forward_auth", "/api/verify", ROUTES)


@caddy_scenario(
    outside=None,
    server="server.caddy-auth-request-fails",
    manual="a person knows the path of the service",
)
def caddy_asks_at_a_path_that_the_service_lacks(lab: Lab) -> None:
    serve(lab, "forward_auth", "/api/authz/forward-auth")


@healthy_caddy()
def caddy_asks_and_the_service_lets_pass(lab: Lab) -> None:
    serve(lab, "forward_auth", "/api/allow")


@healthy_caddy()
def caddy_asks_about_all_but_the_login_page(lab: Lab) -> None:
    guarded = "@guarded not path /login /login/*\n\tforward_auth @guarded"
    serve(lab, guarded, "/api/verify", ROUTES)
