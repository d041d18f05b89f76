"""A middleware of Traefik refuses visitors. After Traefik's documentation, "IPAllowList",
"RateLimit" and "Buffering", and questions about 403 and 429 behind a proxy."""

from .. import traefik
from ..lab import CLIENT, Lab
from ..scenario import scenario
from ..traefik import DYNAMIC, SHOP
from .traefik import WRITTEN, healthy_traefik

USED = "      service: shop\n"


def _with(lab: Lab, settings: str) -> None:
    text = SHOP.replace(USED, f"{USED}      middlewares: [own]\n", 1)
    lines = f"  middlewares:\n    own: {settings}\n  services:\n"
    traefik.serve(lab, text.replace("  services:\n", lines))


@scenario(
    outside=None,
    server="server.traefik-middleware-refuses",
    args=("403 Forbidden",),
    unsure=("client",),
    manual="which addresses are to be let in, a person knows",
    **WRITTEN,  # type: ignore[arg-type]
)
def list_of_addresses_of_traefik_keeps_the_visitor_out(lab: Lab) -> None:
    _with(lab, "{ipAllowList: {sourceRange: [10.9.9.0/24]}}")


@scenario(
    outside=None,
    server="server.traefik-middleware-refuses",
    args=("413 Request Entity Too Large",),
    differs=(DYNAMIC,),
    **WRITTEN,  # type: ignore[arg-type]
)
def buffer_of_traefik_is_small(lab: Lab) -> None:
    _with(lab, "{buffering: {maxRequestBodyBytes: 2000}}")


@healthy_traefik()
def middlewares_of_traefik_let_the_visitor_in(lab: Lab) -> None:
    _with(lab, "{ipAllowList: {sourceRange: [0.0.0.0/0]}}")


@scenario(
    outside=None,
    server="server.traefik-middleware-refuses",
    args=(f"403 Forbidden for {CLIENT}",),
    unsure=("client",),
    differs=(DYNAMIC,),
    **WRITTEN,  # type: ignore[arg-type]
)
def list_of_addresses_of_traefik_lacks_the_visitor_who_is_named(lab: Lab) -> None:
    _with(lab, "{ipAllowList: {sourceRange: [10.9.9.0/24, 203.0.113.0/24]}}")


@healthy_traefik(args=(f"403 Forbidden for {CLIENT}",))
def list_of_addresses_of_traefik_has_the_visitor_who_is_named(lab: Lab) -> None:
    _with(lab, "{ipAllowList: {sourceRange: [10.9.9.0/24, 203.0.113.0/24, 198.51.100.0/24]}}")
