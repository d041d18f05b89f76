"""A line of nginx that takes the WebSocket's path from its own location."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

CHECK = "websocket.path-taken"
ROOT = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws {")]
PAGE = "<!doctype html><title>Shop</title><p>It works.</p>\n"
WS = ("--ws", "/ws")


def _lay(lab: Lab, lines: str) -> None:
    """The page comes from files, and the WebSocket from the application."""
    lab.server.sh("mkdir -p /var/www/spa")
    lab.undo(lambda: lab.server.sh("rm -rf /var/www/spa"))
    lab.server.write("/var/www/spa/index.html", PAGE)
    lab.change(ROOT, f"  root /var/www/spa;\n{lines}\n")


@scenario(outside="websocket.not-upgraded", server=CHECK, args=WS, differs=(site.CONF,))
def an_expression_for_every_path_takes_the_websocket(lab: Lab) -> None:
    """After https://nginx.org/en/docs/http/ngx_http_core_module.html#location: `location ~ /` comes
    before all prefixes."""
    _lay(lab, "  location ~ / {\n    try_files $uri /index.html;\n  }\n")


@scenario(outside="websocket.not-upgraded", server=CHECK, args=WS, differs=(site.CONF,))
def a_rewrite_of_the_server_block_takes_the_websocket(lab: Lab) -> None:
    """After https://nginx.org/en/docs/http/ngx_http_rewrite_module.html: the directives of the
    server block are executed before a location is chosen."""
    lines = "  if (!-f $request_filename) {\n    rewrite ^ /index.html break;\n  }\n"
    _lay(lab, f"{lines}  location / {{\n  }}\n")


@healthy(args=WS)
def an_expression_beside_a_marked_prefix(lab: Lab) -> None:
    _lay(lab, "  location ~ / {\n    try_files $uri /index.html;\n  }\n")
    lab.change("  location /ws {", "  location ^~ /ws {")


@healthy(args=WS)
def a_rewrite_that_leaves_the_websocket_out(lab: Lab) -> None:
    _lay(lab, "  rewrite ^(?!/ws|/assets/) /index.html break;\n  location / {\n  }\n")
