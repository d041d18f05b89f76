"""An application below a path that it does not know, and that has its start page for every path:
the page comes, and in the place of its files comes the page again."""

from .. import caddy, haproxy
from ..haproxy import SITE
from ..lab import Lab
from ..site import NAME
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

BOARD = f"https://{NAME}/dashboard/"
PROGRAM = """require('http').createServer((request, response) => {
  const type = { '/js/app.js': 'text/javascript', '/css/app.css': 'text/css' }[request.url];
  response.setHeader('Content-Type', type || 'text/html');
  if (type) return response.end(type === 'text/css' ? 'p { margin: 0 }' : 'let board = 1;');
  response.end(`<!doctype html><title>Board</title><link rel=stylesheet href=css/app.css>
    <script src=js/app.js></script><div id=app></div><p>It works.`);
}).listen(3009, '127.0.0.1')"""
RULES = "    use_backend board if { path_beg /dashboard }\n"
TAKEN_OFF = r"    http-request replace-path /dashboard(/)?(.*) /\2"


def haproxy_with_board(lab: Lab, change: str) -> None:
    lab.spawn(lab.server, ["node", "-e", PROGRAM], 3009)
    text = SITE.replace("    default_backend", f"{RULES}    default_backend")
    haproxy.serve(lab, f"{text}\nbackend board\n{change}    server board1 127.0.0.1:3009\n")


def caddy_with_board(lab: Lab, block: str) -> None:
    lab.spawn(lab.server, ["node", "-e", PROGRAM], 3009)
    lines = f"\t{block} /dashboard/* {{\n\t\treverse_proxy 127.0.0.1:3009\n\t}}\n"
    rest = "\treverse_proxy 127.0.0.1:3000\n"
    caddy.serve(lab, f"{NAME} {{\n\ttls {caddy.PEM} {caddy.KEY}\n{lines}{rest}}}\n")


@haproxy_scenario(
    outside="http.page-file-type",
    server="server.prefix-kept",
    target=BOARD,
    differs=(haproxy.CONFIG,),
)
def haproxy_sends_the_page_in_place_of_its_files(lab: Lab) -> None:
    """https://github.com/rancher/rancher/issues/8145: "always going to the /endpoint"."""
    haproxy_with_board(lab, "")


@healthy_haproxy(target=BOARD)
def haproxy_takes_the_folder_off_for_the_files(lab: Lab) -> None:
    haproxy_with_board(lab, f"{TAKEN_OFF}\n")


@caddy_scenario(
    outside="http.page-file-type",
    server="server.prefix-kept",
    target=BOARD,
    differs=(caddy.CONFIG,),
)
def caddy_sends_the_page_in_place_of_its_files(lab: Lab) -> None:
    """The same with `handle`, which passes the folder on."""
    caddy_with_board(lab, "handle")


@healthy_caddy(target=BOARD)
def caddy_takes_the_folder_off_for_the_files(lab: Lab) -> None:
    caddy_with_board(lab, "handle_path")
