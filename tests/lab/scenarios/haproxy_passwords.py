"""HAProxy asks for a password where none is meant (`http-request auth`), or refuses a script."""

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


@haproxy_scenario(
    outside=None,
    server="server.haproxy-rule-refuses",
    manual="only its owner knows who may pass",
)
def haproxy_list_of_users_is_empty(lab: Lab) -> None:
    """A commented or deleted `user`: HAProxy loads the list, and nobody gets in."""
    _serve(lab, "!{ http_auth(staff) }", USERS.replace("    user", "    # user"))


def _with_a_script(lab: Lab, rule: str) -> None:
    program = str(haproxy.__file__).replace("haproxy.py", "applications/paths_server.py")
    words = ("3001", "/:/js/app.js", "/js/app.js")
    lab.spawn(lab.server, lab.server.python(program, *words), 3001)
    text = SITE.replace("    default_backend app\n", f"{rule}    default_backend app\n")
    text = text.replace(
        "    default_backend", "    use_backend app if { path_beg /ws }\n    default_backend"
    )
    text = text.replace("default_backend app", "default_backend pages")
    haproxy.serve(lab, f"{text}\nbackend pages\n    server pages1 127.0.0.1:3001\n")


@haproxy_scenario(
    outside="http.page-file-missing",
    server="server.haproxy-rule-refuses",
    manual="only its owner knows what the rule is for",
)
def haproxy_refuses_a_script_of_the_page(lab: Lab) -> None:
    """A rule against scripts of PHP lists those of browsers too."""
    _with_a_script(lab, "    http-request deny if { path_end .php .js }\n")


@healthy_haproxy()
def haproxy_refuses_scripts_of_php_alone(lab: Lab) -> None:
    _with_a_script(lab, "    http-request deny if { path_end .php }\n")
