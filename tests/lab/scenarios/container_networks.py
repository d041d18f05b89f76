"""nginx and the application in containers of their own, and the networks that each is in. A name
server at 127.0.0.11 stands for the engine's: it knows the names of the container's networks."""

from .. import site
from ..containers import Engine, application, proxied, proxy
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL

_NETWORK = "shop_default"
_DNS = (
    "dnsmasq --conf-file=/dev/null --pid-file= --user=root --group=root --no-resolv --local=/app/"
    " --no-hosts --addn-hosts=/srv/dns/hosts --bind-interfaces --listen-address=127.0.0.11"
)


def _both(
    lab: Lab, network: str, name: str = "app", own: str = "127.0.0.11", asked: str = "127.0.0.11"
) -> None:
    """nginx asks for this name at each request, and is in this network. The engine's name server is
    at `own`, and nginx asks another."""
    engine = Engine(lab)
    address = application(engine, network=_NETWORK)
    lab.server.write("/srv/dns/hosts", f"{address} app\n" if network == _NETWORK else "")
    variable = (
        f"  resolver {asked} valid=10s;\n  resolver_timeout 5s;\n  set $app http://{name}:3000;\n\n"
    )
    variable += "  location / {\n"
    proxy(
        engine,
        proxied("$app").replace("  location / {\n", variable, 1),
        argv=[
            "sh",
            "-c",
            f"{_DNS.replace('127.0.0.11', own)}; exec /usr/sbin/nginx -g 'daemon off;'",
        ],
        binds=[("/srv/dns", "/srv/dns")],
        network=network,
        resolv=f"nameserver {own}\n",
    )
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.resolver-fails",
    manual="the network has to be connected",
    not_on=PANEL,
)
def nginx_is_in_another_network_than_the_application(lab: Lab) -> None:
    """https://blog.youkuaiyun.com/LogicGlow/article/details/154488758: nginx's container is in the
    default network, and does not know the application's name."""
    _both(lab, "bridge")
    lab.client.run(["curl", "-sk", "-o", "/dev/null", f"https://{site.NAME}/"])


@scenario(
    outside="http.server-error",
    server="upstream.resolver-fails",
    manual="the name has to be corrected",
    not_on=PANEL,
)
def nginx_asks_for_a_name_that_no_container_has(lab: Lab) -> None:
    """A name that is misspelt: SWAG's $upstream_app, the forward host of nginx-proxy-manager."""
    _both(lab, _NETWORK, "blog")
    lab.client.run(["curl", "-sk", "-o", "/dev/null", f"https://{site.NAME}/"])


@healthy(not_on=PANEL)
def nginx_is_in_the_network_of_the_application(lab: Lab) -> None:
    _both(lab, _NETWORK)


@scenario(outside="http.server-error", server="upstream.resolver-fails", not_on=PANEL)
def nginx_asks_the_name_server_of_another_engine(lab: Lab) -> None:
    """https://github.com/DuarteSantos8/openGym/issues/148: 127.0.0.11 is Docker's; Podman's is
    another address, which the container's resolv.conf has."""
    _both(lab, _NETWORK, own="127.0.0.53")
    lab.client.run(["curl", "-sk", "-o", "/dev/null", f"https://{site.NAME}/"])


@healthy(not_on=PANEL)
def nginx_asks_the_name_server_of_its_engine(lab: Lab) -> None:
    _both(lab, _NETWORK, own="127.0.0.53", asked="127.0.0.53")
