"""The path of a request behind Caddy: what `rewrite` and `uri` make of it, and matchers that miss
it."""

from .. import caddy
from ..caddy import KEY, PEM
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy

USERS = "https://shop.example.com/api/users"


def serve(lab: Lab, text: str, *paths: str) -> None:
    """A site with these directives; its application at port 3001 has the paths."""
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", *paths), 3001)
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{text}}}\n")


def api(*lines: str, head: str = "handle /api/*", port: int = 3001) -> str:
    inner = "".join(f"\t\t{line}\n" for line in (*lines, f"reverse_proxy 127.0.0.1:{port}"))
    return f"\t{head} {{\n{inner}\t}}\n"


PAGES = "\thandle {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n"


@caddy_scenario(outside=None, server="server.path-changed", target=USERS, differs=(caddy.CONFIG,))
def caddy_writes_a_prefix_twice(lab: Lab) -> None:
    """`rewrite * /api{uri}` in the block of /api/*: the application gets /api/api/users."""
    serve(lab, api("rewrite * /api{uri}") + PAGES, "/api/users:json")


@caddy_scenario(outside=None, server="server.path-changed", target=USERS, differs=(caddy.CONFIG,))
def caddy_takes_a_needed_prefix_off(lab: Lab) -> None:
    serve(lab, api("uri strip_prefix /api") + PAGES, "/api/users:json")


@healthy_caddy(target=USERS)
def caddy_rewrites_to_the_paths_of_the_application(lab: Lab) -> None:
    route = api("uri strip_prefix /api", "rewrite * /v1{uri}", head="route /api/*")
    serve(lab, route + PAGES, "/v1/users:json")
