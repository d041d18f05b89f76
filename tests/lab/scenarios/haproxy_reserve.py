"""HAProxy adds fields, and has no room for them in its buffer."""

from .. import haproxy
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

#: More than HAProxy's buffer has: it is full up to its reserve.
PICTURE = "https://shop.example.com/large.png"
SERVER = """
require("http").createServer((request, response) => {
  response.writeHead(200, { "Content-Type": "image/png", "Content-Length": 20000 });
  response.end(Buffer.alloc(20000));
}).listen(3001, "127.0.0.1");
"""
PICTURES = "backend pictures\n    server pictures1 127.0.0.1:3001\n"
SOURCES = " ".join(f"https://cdn{number}.assets.example.net" for number in range(50))
POLICY = f"    http-response set-header Content-Security-Policy \"img-src 'self' {SOURCES}\"\n"


def with_policy(lab: Lab, more: str = "", policy: str = POLICY) -> None:
    lab.spawn(lab.server, ["node", "-e", SERVER], 3001)
    rules = f"{policy}    use_backend pictures if {{ path /large.png }}\n"
    text = SITE.replace("    default_backend app\n", f"{rules}    default_backend app\n")
    text = text.replace("    maxconn 4000\n", f"    maxconn 4000\n{more}")
    haproxy.serve(lab, f"{text}\n{PICTURES}")


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-reserve-full", target=PICTURE,
    differs=(haproxy.CONFIG,),
)  # fmt: skip
def haproxy_has_no_room_for_a_long_policy(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/1137: 500 with a large Content-Security-Policy."""
    with_policy(lab)


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-reserve-full", target=PICTURE,
    differs=(haproxy.CONFIG,),
)  # fmt: skip
def haproxy_has_a_small_reserve(lab: Lab) -> None:
    """The line is there already, and several short fields are too long together."""
    fields = "".join(
        f'    http-response set-header X-Note-{number} "{"word " * 12}"\n' for number in range(5)
    )
    with_policy(lab, "    tune.maxrewrite 256\n", fields)


@healthy_haproxy(target=PICTURE)
def haproxy_has_room_for_a_long_policy(lab: Lab) -> None:
    with_policy(lab, "    tune.maxrewrite 4096\n")


@healthy_haproxy()
def haproxy_adds_a_long_policy_to_a_small_page(lab: Lab) -> None:
    with_policy(lab)
