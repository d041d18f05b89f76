"""Scenarios of nginx.challenge-location-unused."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MESSAGE = (
    "shop.example.com:Verify error:Invalid response from "
    "https://shop.example.com/.well-known/acme-challenge/SgoP3wi5w7dDP1gnt: 404"
)
LOCATION = "  location / {\n    return 301 https://$host$request_uri;\n  }\n"
FILES = "    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"


@scenario(
    outside=None, server="nginx.challenge-location-unused", args=(MESSAGE,),
    differs=(site.CONF,),
)  # fmt: skip
def return_beside_the_challenge_location(lab: Lab) -> None:
    """`return 301` of the block itself, after issue 1785 of acme.sh."""
    lab.edit(LOCATION, "  return 301 https://$host$request_uri;\n")
    challenge = "  location /.well-known/ {\n    root /srv/none;\n  }\n\n  location / {\n"
    lab.change(f"  location / {{\n{FILES}", f"{challenge}{FILES}")


@healthy(args=(MESSAGE,))
def challenge_location_beside_a_redirect(lab: Lab) -> None:
    """The laboratory's own block: the redirect has its location."""
