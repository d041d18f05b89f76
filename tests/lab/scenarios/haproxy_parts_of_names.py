"""A rule of HAProxy's for a part of a name comes before the one for the name."""

from .. import haproxy
from ..haproxy import GLOBAL, HTTP, HTTPS
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy


def _by_names(lab: Lab, method: str) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/:"), 3001)
    rules = (
        f"    acl api {method}(host) -i example.com\n    use_backend api if api\n"
        f"    acl shop {method}(host) -i shop.example.com\n    use_backend shop if shop\n"
    )
    text = HTTPS.replace("    default_backend app\n", rules)
    ports = {"api": 3001, "shop": 3000}
    backends = "\n".join(
        f"backend {name}\n    server {name} 127.0.0.1:{port}\n" for name, port in ports.items()
    )
    haproxy.serve(lab, f"{GLOBAL}\n{HTTP}\n{text}\n{backends}")


@haproxy_scenario(outside=None, server="server.haproxy-rule-shadowed", differs=(haproxy.CONFIG,))
def haproxy_takes_a_name_for_its_domain(lab: Lab) -> None:
    """https://github.com/vfarcic/docker-flow-proxy/issues/131: hdr_dom(host) of the domain."""
    _by_names(lab, "hdr_dom")


@healthy_haproxy()
def haproxy_compares_whole_names(lab: Lab) -> None:
    _by_names(lab, "hdr")
