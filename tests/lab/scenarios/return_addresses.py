"""The site is a login for other sites, and refuses the address to which it should lead back."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGE = "Invalid parameter: redirect_uri"
LOGIN = f"https://{site.NAME}/auth?client_id=web&redirect_uri=http%3A%2F%2Fapp.example.com%2Fcb"
LISTEN = "  listen 443 ssl;\n"
REFUSES = f"""{LISTEN}
  location = /auth {{
    default_type text/html;
    return 400 "{PAGE}";
  }}
"""


@scenario(
    outside="http.return-address-refused", target=LOGIN, differs=(site.CONF,),
    manual="the application that asks for the login is elsewhere",
)  # fmt: skip
def login_refuses_an_address_with_http(lab: Lab) -> None:
    """After what Keycloak answers."""
    lab.edit(LISTEN, REFUSES)
    lab.reload()


@healthy(target=LOGIN)
def login_takes_the_address(lab: Lab) -> None:
    """The page is there."""
    lab.edit(LISTEN, REFUSES.replace("return 400", "return 200"))
    lab.reload()
