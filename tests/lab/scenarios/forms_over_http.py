"""Forms of a site that visitors ask for over http, and nginx tells the application https."""

from .. import site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import OTHER, WEBSOCKETS, other_machine

MASTODON = "Security verification failed. Are you blocking cookies?"
FRONT = (
    f"proxy_pass http://{SERVER}; proxy_set_header Host $host;"
    f" proxy_set_header X-Forwarded-Proto https; proxy_http_version 1.1;{WEBSOCKETS}"
)
PAGE = f"http://{site.NAME}/login"


def plain_site(lab: Lab, scheme: str) -> None:
    """Rails behind a site of port 80 alone."""
    lab.spawn(lab.server, lab.server.application("guarded_server", "rails-page", "3001"), 3001)
    lab.server.write(
        site.CONF,
        f"server {{\n  listen 80;\n  server_name {site.NAME};\n  location / {{\n"
        f"    proxy_set_header Host $host;\n    proxy_set_header X-Forwarded-Proto {scheme};\n"
        "    proxy_pass http://127.0.0.1:3001;\n    proxy_http_version 1.1;\n  }\n}\n",
    )
    lab.restart_nginx()


@scenario(
    outside=None, server="upstream.origin-mismatch", target=PAGE, args=(MASTODON,),
    differs=(site.CONF,), manual="the laboratory's visitor uses port 443",
)  # fmt: skip
def site_of_http_is_called_one_of_https(lab: Lab) -> None:
    """https://github.com/mastodon/mastodon/issues/15310: a hidden service."""
    plain_site(lab, "https")


@healthy(target=PAGE, args=(MASTODON,))
def site_of_http_says_its_own_scheme(lab: Lab) -> None:
    """The message is of the time before."""
    plain_site(lab, "$scheme")


@healthy(target=PAGE, args=(MASTODON,))
def balancer_ends_tls_for_a_site_of_http(lab: Lab) -> None:
    """Visitors use https, and the run asks as the balancer does."""
    plain_site(lab, "https")
    other_machine(lab, FRONT)
    lab.dns([OTHER])
