"""Apache permits another site in its good answers alone, after threads about "CORS" and 401."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import apache_scenario, healthy_apache

ORIGIN = "https://app.example.org"
URL = "https://shop.example.com/api/items"
PREFLIGHT = ("--origin", ORIGIN, "--method", "OPTIONS")
USERS = "/etc/apache2/users"
LINES = f"""\
    Header set Access-Control-Allow-Origin "{ORIGIN}"
    Header set Access-Control-Allow-Headers "authorization, content-type"
    Header set Access-Control-Allow-Methods "GET, POST, PUT, OPTIONS"
"""
PASSWORD = f"""\
    <Location /api>
        AuthType Basic
        AuthName Stock
        AuthUserFile {USERS}
        Require valid-user
    </Location>
"""
ENDED = """\
    RewriteEngine On
    RewriteCond %{REQUEST_METHOD} =OPTIONS
    RewriteRule ^/api/ - [R=204,L]
"""
MESSAGE = (
    f"Access to fetch at '{URL}' from origin '{ORIGIN}' has been blocked by CORS policy: No "
    "'Access-Control-Allow-Origin' header is present on the requested resource."
)


def _serve(lab: Lab, lines: str) -> None:
    text = HTTPS.replace("    ProxyPass /ws", f"{lines}{PASSWORD}    ProxyPass /ws")
    apache.install(lab, f"{text}\n{HTTP}")
    apache.enable(lab, "auth_basic", "authn_file")
    lab.server.write(USERS, "joe:$apr1$x$abc\n")
    apache.start(lab)


@apache_scenario(outside="http.cors-refused", target=URL, args=PREFLIGHT, differs=(apache.SITE,))
def apache_wants_a_password_for_a_preflight(lab: Lab) -> None:
    _serve(lab, LINES)


@apache_scenario(
    outside="http.cors-refused",
    target=MESSAGE,
    differs=(apache.SITE,),
    manual="the address still wants a password",
)
def apache_permits_another_site_in_good_answers_alone(lab: Lab) -> None:
    _serve(lab, LINES)


@healthy_apache(target=URL, args=PREFLIGHT)
def apache_permits_another_site_in_all_answers(lab: Lab) -> None:
    _serve(lab, f"{ENDED}{LINES.replace('Header set', 'Header always set')}")
