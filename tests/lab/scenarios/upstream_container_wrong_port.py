"""Scenarios of upstream.container-wrong-port. Docker does not run here: see
`nginx_in_container`."""

from .. import site
from ..containers import Engine, application, proxied, proxy
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL, STARTED

PUBLISHED = ((4396, 3000),)
MOUNTED = ("/srv/proxy/conf.d/shop.conf",)


def _by_address(lab: Lab, port: int) -> None:
    """nginx of the server passes requests on to the container's own address."""
    engine = Engine(lab)
    address = application(engine, "reader", ports=PUBLISHED)
    lab.edit("http://127.0.0.1:3000", f"http://{address}:{port}")
    lab.reload()


@scenario(
    outside="http.server-error",
    server="upstream.container-wrong-port",
    differs=(site.CONF,),
    not_on=PANEL,
)
def port_of_the_server_at_the_containers_address(lab: Lab) -> None:
    """Issue 574 of hectorqin/reader: -p 4396:8080, and proxy_pass http://172.17.0.10:4396."""
    _by_address(lab, 4396)


@healthy(not_on=PANEL)
def port_of_the_container_at_its_address(lab: Lab) -> None:
    """The same with the port inside of the container."""
    _by_address(lab, 3000)


@scenario(
    outside="http.server-error",
    server="upstream.container-wrong-port",
    differs=(*MOUNTED, *STARTED),
    not_on=PANEL,
)
def port_of_the_server_at_a_services_name(lab: Lab) -> None:
    """After questions on Stack Overflow about docker compose: `ports: ["4396:3000"]`, and nginx in
    another container has proxy_pass http://app:4396."""
    engine = Engine(lab)
    address = application(engine, ports=PUBLISHED)
    proxy(engine, proxied("http://app:4396"), hosts=f"{address} app\n")
    engine.answers(443)


#: What nginx-proxy writes for a container whose VIRTUAL_PORT is not the one that it listens on.
WRITTEN = "upstream shop {\n    %s    server %s:%d;\n    keepalive 2;\n}\n"


@scenario(
    outside="http.server-error",
    server="upstream.container-wrong-port",
    manual="the container gets another VIRTUAL_PORT",
    not_on=PANEL,
)
def port_that_nginx_proxy_was_told(lab: Lab) -> None:
    """After https://github.com/nginx-proxy/nginx-proxy/issues/2378."""
    engine = Engine(lab)
    address = application(engine)
    group = WRITTEN % ("# Container: app\n", address, 8400)
    proxy(engine, group + proxied("http://shop"))
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-wrong-port",
    differs=(site.CONF,),
    not_on=PANEL,
)
def port_in_the_upstream_block(lab: Lab) -> None:
    """The port stands in a `server` of the block that proxy_pass names."""
    engine = Engine(lab)
    address = application(engine)
    lab.edit("http://127.0.0.1:3000", "http://shop_app")
    group = (WRITTEN % ("", address, 8400)).replace("upstream shop ", "upstream shop_app ")
    lab.edit("map $http_upgrade", f"{group}map $http_upgrade")
    lab.reload()


@healthy(not_on=PANEL)
def port_that_nginx_proxy_was_told_rightly(lab: Lab) -> None:
    engine = Engine(lab)
    address = application(engine)
    group = WRITTEN % ("# Container: app\n", address, 3000)
    proxy(engine, group + proxied("http://shop"))
    engine.answers(443)
