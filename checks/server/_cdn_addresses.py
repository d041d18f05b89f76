"""The steps after which a server behind Cloudflare takes the visitor's address from the field that
Cloudflare sends, and from nobody else's."""

import re

from checks.http import _fronts, addresses
from checks.server import ServerView, place_text, reload_steps
from checks.server._address_rules import remote_ip_steps
from checks.server._caddy_trust import PROXY, TRUSTED, trusting_fix
from checks.server._haproxy import haproxy_view, insert_after, place
from checks.server._traefik_points import (
    believes_senders,
    entry_point_place,
    restart_step,
    trusting_edit,
)
from diagnose.model import Step
from diagnose.model.frozen import frozen
from diagnose.model.http import page_exchanges
from diagnose.model.web_servers import Product
from diagnose.parsers.cdn import CLOUDFLARE_FIELD, CLOUDFLARE_NETWORKS

#: What takes the visitor's address from a field, or lets an application do so.
_TAKEN: dict[Product, re.Pattern[str]] = {
    "apache": re.compile(r"(?i)\bRemoteIP\w|%\{(?:CF-Connecting-IP|X-Forwarded-For)\}i"),
    "caddy": TRUSTED,
    "haproxy": re.compile(r"(?i)\bset-src\b|CF-Connecting-IP"),
    "traefik": re.compile(r"(?i)\bforwardedHeaders\b"),
}
_NETWORKS = " ".join(CLOUDFLARE_NETWORKS)


@frozen
class CdnInFront:
    """The CDN, the place in the configuration, and the steps: () if a person has to write them."""

    name: str
    place: str
    steps: tuple[Step, ...]


def cdn_in_front(view: ServerView) -> CdnInFront | None:
    """Return Cloudflare in front of a server that does not take the visitor's address from it; None
    if another machine is in front, or none."""
    evidence, pattern = view.evidence, _TAKEN.get(view.server.product)
    files = view.config.files if view.config else ()
    if pattern is None or not files or any(pattern.search(file.text) for file in files):
        return None
    name = _fronts.product_name(_fronts.fronts(evidence, addresses(page_exchanges(evidence))), ())
    if name != "Cloudflare":
        return None
    sites, reload = view.answering_sites, reload_steps(view.server)
    if view.server.product == "traefik":
        return _of_traefik(view, name)
    if view.server.product == "haproxy":
        return _of_haproxy(view, name, reload)
    if not sites:
        return None
    own = place_text(sites[0].file, sites[0].line)
    if view.server.product == "apache":
        lines = (f"RemoteIPHeader {CLOUDFLARE_FIELD}", f"RemoteIPTrustedProxy {_NETWORKS}")
        steps = remote_ip_steps(view, sites[0], lines)
        return CdnInFront(name, own, (*steps, *reload) if steps else ())
    fix = trusting_fix(view, _NETWORKS)
    is_proxy = any(PROXY.search(file.text) for file in files)
    return CdnInFront(name, own, fix.steps if fix else ()) if is_proxy else None


def _of_traefik(view: ServerView, name: str) -> CdnInFront | None:
    port = view.evidence.target.port
    if believes_senders(view):
        return None
    edit = trusting_edit(view, port, CLOUDFLARE_NETWORKS)
    steps = (edit, restart_step(view.server)) if edit else ()
    return CdnInFront(name, place_text(*entry_point_place(view, port)), steps)


def _of_haproxy(view: ServerView, name: str, reload: tuple[Step, ...]) -> CdnInFront | None:
    """Return the same for HAProxy, which takes the address for its own from a field (Configuration
    Manual, "http-request set-src")."""
    haproxy = haproxy_view(view.evidence)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return None
    bind = haproxy.proxies.bind
    rule = f"http-request set-src req.hdr({CLOUDFLARE_FIELD}) if from_cloudflare"
    edit = insert_after(view, bind, f"acl from_cloudflare src {_NETWORKS}", rule)
    return CdnInFront(name, place(bind), (edit, *reload) if edit else ())
