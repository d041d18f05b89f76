"""A variable of a Caddyfile that has no value where Caddy runs. After Caddy's documentation,
"Environment Variables", and threads about `{$PORT}` that is set in a shell only."""

from .. import caddy
from ..caddy import SHOP
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy


@caddy_scenario(
    outside="http.redirect-loop", server="server.caddy-variable-empty", differs=(caddy.CONFIG,)
)
def port_of_caddys_application_is_an_empty_variable(lab: Lab) -> None:
    caddy.serve(lab, SHOP.replace(":3000", ":{$APP_PORT}"))


@caddy_scenario(
    outside="http.server-error", server="server.caddy-variable-empty", differs=(caddy.CONFIG,)
)
def address_of_caddys_application_is_an_empty_variable(lab: Lab) -> None:
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "{$APP_ADDRESS}"))


@healthy_caddy()
def variable_of_a_caddyfile_has_a_default(lab: Lab) -> None:
    caddy.serve(lab, SHOP.replace(":3000", ":{$APP_PORT:3000}"))
