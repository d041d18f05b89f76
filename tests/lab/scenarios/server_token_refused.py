"""Apache or Caddy asks for a password, and the page's scripts send a token in the same field."""

import subprocess

from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .nginx_other_requests_failed import visit
from .nginx_token_refused import BEARER, ME, MINE, PASSWORD, sign_in
from .server_other_requests_failed import serve_apache, serve_caddy

CHOICE = "each way opens something"


def _behind_apache(lab: Lab, more: str = "") -> None:
    lab.server.sh("htpasswd -bc /etc/apache2/people anna secret")
    lab.undo(lambda: lab.server.sh("rm -f /etc/apache2/people"))
    words = (
        "AuthType Basic", "AuthName Private", "AuthUserFile /etc/apache2/people",
        "Require valid-user",
    )  # fmt: skip
    asks = "".join(f"        {word}\n" for word in words)
    serve_apache(lab, f'    <Location "/">\n{asks}    </Location>\n{more}')


def _behind_caddy(lab: Lab, matcher: str = "") -> None:
    words = ("caddy", "hash-password", "--plaintext", "secret")
    hashed = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    asked = "\t@asked not path /api/*\n" if matcher else ""
    serve_caddy(lab, f"{asked}\tbasicauth {matcher}{{\n\t\tanna {hashed}\n\t}}\n")


@apache_scenario(outside=None, server="server.token-refused", manual=CHOICE)
def token_takes_the_place_of_apaches_password(lab: Lab) -> None:
    """As with nginx: the page comes, and its interface gets 401."""
    _behind_apache(lab)
    sign_in(lab)
    visit(lab, ME, *BEARER)
    visit(lab, "/api/items", "-X", "PATCH", "-d", "{}", *BEARER)


@healthy_apache()
def apache_does_not_ask_at_the_interface(lab: Lab) -> None:
    """Healed: the application checks its token itself."""
    open_path = "        AuthType None\n        Require all granted\n"
    _behind_apache(lab, f'    <Location "/api/">\n{open_path}    </Location>\n')
    sign_in(lab)
    visit(lab, ME, *BEARER)


@healthy_apache()
def apache_asks_strangers_for_a_password(lab: Lab) -> None:
    """Wrong passwords, none at all, and the manifest, which browsers ask for without one."""
    _behind_apache(lab)
    sign_in(lab)
    visit(lab, "/manifest.json")
    visit(lab, "/admin", "-u", "anna:wrong")
    visit(lab, "/admin", referer="")


@caddy_scenario(outside=None, server="server.token-refused", manual=CHOICE)
def token_takes_the_place_of_caddys_password(lab: Lab) -> None:
    _behind_caddy(lab)
    sign_in(lab)
    visit(lab, ME, *BEARER)


@healthy_caddy()
def caddy_does_not_ask_at_the_interface(lab: Lab) -> None:
    _behind_caddy(lab, "@asked ")
    sign_in(lab)
    visit(lab, ME, *BEARER)


@healthy_caddy()
def caddy_asks_strangers_for_a_password(lab: Lab) -> None:
    _behind_caddy(lab)
    sign_in(lab)
    visit(lab, "/admin", *PASSWORD)
    visit(lab, "/manifest.json")
    visit(lab, "/admin", "-u", "anna:wrong", referer="")


@caddy_scenario(outside=None, server="server.token-refused", manual=CHOICE, target=MINE)
def token_is_refused_by_caddy_at_the_address_itself(lab: Lab) -> None:
    _behind_caddy(lab)
    sign_in(lab)
    for _ in range(2):
        visit(lab, ME, *BEARER)
