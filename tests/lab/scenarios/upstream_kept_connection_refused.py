"""A healthy twin of upstream.kept-connection-refused: the map for WebSockets, and `keepalive`
(https://github.com/xbzbing/dsh-auth-gateway/pull/19). Its fault is no scenario: which request
of a visitor fails is chance, so that nobody can say what is seen from outside."""

from ..lab import Lab
from ..scenario import healthy

GROUP = "upstream shop_gateway {\n  server 127.0.0.1:3001;\n  keepalive 16;\n}\n"
FIELDS = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)
REPORTED = ("400 Bad Request from time to time, reloading the page fixes it",)
OPENING = "server {\n  listen 443"
#: The first lines of the page's location; those of /ws end otherwise.
OWN = (
    "    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
    "    proxy_set_header Host $http_host;\n    proxy_set_header X-"
)


def _serve(lab: Lab, program: str, value: str = "close") -> None:
    """The page's application is another one than that of /ws."""
    argv = lab.server.application(program, "3001")
    lab.spawn(lab.server, tuple(argv), 3001)
    mine = OWN.replace("http://127.0.0.1:3000;", "http://shop_gateway;")
    lab.edit(OWN, mine.replace("    proxy_set_header Host", f"{FIELDS}    proxy_set_header Host"))
    lab.edit("''      close;", f"''      {value};")
    lab.edit(OPENING, f"{GROUP}\n{OPENING}")
    lab.restart_nginx()


@healthy(args=REPORTED)
def nothing_is_said_on_connections_that_nginx_keeps(lab: Lab) -> None:
    _serve(lab, "strict_server", "''")
