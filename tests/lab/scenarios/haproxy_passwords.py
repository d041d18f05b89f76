"""HAProxy asks for a password where none is meant (`http-request auth`)."""

from .. import haproxy, site
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

USERS = "userlist staff\n    user anna insecure-password secret\n\nfrontend http\n"


def _serve(lab: Lab, condition: str, users: str = USERS) -> None:
    rule = f"    http-request auth realm Shop if {condition}\n"
    text = SITE.replace("frontend http\n", users)
    haproxy.serve(
        lab, text.replace("    default_backend app\n", f"{rule}    default_backend app\n")
    )


@haproxy_scenario(
    outside=None,
    server="server.haproxy-rule-refuses",
    args=("401 Unauthorized",),
    manual="only its owner knows who may pass",
    unsure=("client",),
)
def haproxy_asks_everybody_for_a_password(lab: Lab) -> None:
    """The condition of the path is lacking."""
    _serve(lab, "!{ http_auth(staff) }")


@healthy_haproxy(target=f"https://{site.NAME}/")
def haproxy_asks_for_a_password_in_a_part_of_the_site(lab: Lab) -> None:
    _serve(lab, "{ path_beg /admin } !{ http_auth(staff) }")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-rule-refuses",
    manual="only its owner knows the password",
)
def haproxy_password_is_no_hash(lab: Lab) -> None:
    """`password` with a word in clear: it takes what crypt(3) makes of it."""
    _serve(lab, "!{ http_auth(staff) }", USERS.replace("insecure-password", "password"))
