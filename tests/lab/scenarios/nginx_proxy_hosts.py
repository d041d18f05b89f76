"""nginx-proxy in a container: its file is made of the environment of the other containers
(nginx.tmpl of version 1.6). docker-gen does not run here: the file is as it writes it."""

from .. import site
from ..containers import Engine, application, proxy
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL

COMPOSE = "/srv/shop/compose.yaml"
NO_WRITER = "docker-gen, which writes the file anew, does not run here"
_HEAD = """# nginx-proxy version : 1.6.0
# Networks available to the container running docker-gen (which are assumed to
# match the networks available to the container running nginx):
#     bridge
map $http_x_forwarded_proto $proxy_x_forwarded_proto {
  default $http_x_forwarded_proto;
  '' $scheme;
}
map $http_upgrade $proxy_connection {
  default upgrade;
  '' $proxy_connection_noupgrade;
}
map $upstream_keepalive $proxy_connection_noupgrade {
  default '';
  '' close;
}
map $http_host $upstream_keepalive { default ''; }
server {
  server_name _; # This is just an invalid value which will never trigger on a real hostname.
  server_tokens off;
  listen 80;
  http2 on;
  listen 443 ssl;
  ssl_session_cache shared:SSL:50m;
  ssl_session_tickets off;
  # No default certificate found, so reject SSL handshake;
  ssl_reject_handshake on;
  location ^~ / {
    return 503;
  }
}
"""
_HOST = f"""# NAME/
upstream NAME {{
  # Container: app
  #     networks:
  #         bridge (reachable)
  #     IPv4 address: ADDRESS
  #     exposed ports: 3000/tcp
  #     default port: 3000
  #     using port: 3000
  server ADDRESS:3000;
  keepalive 2;
}}
server {{
  server_name NAME;
  listen 80;
  location / {{
    return 301 https://$host$request_uri;
  }}
}}
server {{
  server_name NAME;
  http2 on;
  listen 443 ssl;
  ssl_certificate {site.PEM};
  ssl_certificate_key {site.KEY};
  location / {{
    proxy_pass http://NAME;
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $proxy_connection;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $proxy_x_forwarded_proto;
  }}
}}
"""


def _proxied(lab: Lab, name: str, compose: str = "", server: str = "ADDRESS:3000") -> None:
    engine = Engine(lab, compose)
    told = [f"VIRTUAL_HOST={name}"] if compose else []
    address = application(engine, env=told)
    text = _HEAD + _HOST.replace("NAME", name).replace("server ADDRESS:3000", f"server {server}")
    proxy(engine, text.replace("ADDRESS", address))
    engine.answers(443)


@scenario(
    outside="tls.name-rejected",
    server="nginx.no-matching-server",
    manual="the environment has the name",
    not_on=PANEL,
)
def virtual_host_is_misspelt(lab: Lab) -> None:
    """VIRTUAL_HOST of the application's container has another name than the one that is visited."""
    _proxied(lab, "shop.exmaple.com")


@scenario(
    outside="tls.name-rejected",
    server="nginx.no-matching-server",
    manual=NO_WRITER,
    not_on=PANEL,
)
def virtual_host_of_a_compose_file_is_misspelt(lab: Lab) -> None:
    """The remedy changes the variable and makes the container anew."""
    _proxied(lab, "shop.exmaple.com", COMPOSE)


@scenario(
    outside="tls.name-rejected",
    server="nginx.no-matching-server",
    manual=NO_WRITER,
    not_on=PANEL,
)
def virtual_host_has_only_the_name_with_www(lab: Lab) -> None:
    """https://github.com/nginx-proxy/nginx-proxy/issues/103: the container gets both names."""
    _proxied(lab, f"www.{site.NAME}", COMPOSE)


@scenario(
    outside="tls.name-rejected",
    server="nginx.no-matching-server",
    manual=NO_WRITER,
    not_on=PANEL,
)
def virtual_host_is_a_name_of_the_desk(lab: Lab) -> None:
    """https://github.com/nginx-proxy/nginx-proxy/issues/582: nobody else can visit that name."""
    _proxied(lab, "nodeapp.local", COMPOSE)


@scenario(
    outside="http.server-error", server="upstream.none-live", manual=NO_WRITER, not_on=PANEL
)  # fmt: skip
def virtual_port_is_not_told(lab: Lab) -> None:
    """https://github.com/nginx-proxy/nginx-proxy/issues/201: the image names several ports, none of
    them 80, and the compose file has no VIRTUAL_PORT."""
    _proxied(lab, site.NAME, COMPOSE, "ADDRESS down")


@scenario(
    outside="http.server-error",
    server="upstream.container-wrong-port",
    manual=NO_WRITER,
    not_on=PANEL,
)
def virtual_port_is_80_without_the_variable(lab: Lab) -> None:
    """The image names no port: nginx-proxy takes 80, and the application listens on 3000."""
    _proxied(lab, site.NAME, COMPOSE, "ADDRESS:80")


def _unnamed(lab: Lab) -> None:
    """nginx-proxy has a certificate for the names that no container gives it."""
    engine = Engine(lab, COMPOSE)
    application(engine, env=["TITLE=Shop"])
    head = _HEAD.replace("ssl_reject_handshake on;", f"ssl_certificate {site.PEM};")
    head = head.replace(
        "ssl_session_tickets", f"ssl_certificate_key {site.KEY};\n  ssl_session_tickets"
    )
    proxy(engine, head)
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="nginx.no-matching-server",
    manual=NO_WRITER,
    not_on=PANEL,
)
def no_container_gives_nginx_proxy_the_name(lab: Lab) -> None:
    """https://github.com/nginx-proxy/nginx-proxy/issues/435: 503 for every name."""
    _unnamed(lab)


@healthy(not_on=PANEL)
def virtual_host_of_a_compose_file_is_the_sites(lab: Lab) -> None:
    _proxied(lab, site.NAME, COMPOSE)


@healthy(not_on=PANEL)
def virtual_host_is_the_sites(lab: Lab) -> None:
    _proxied(lab, site.NAME)
