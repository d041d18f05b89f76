"""Apache, Caddy and HAProxy, and the page of another site: their lines for it are at the wrong
place, or the application behind them knows nothing of it.

After https://github.com/monsur/enable-cors.org/issues/153,
https://github.com/caddyserver/caddy/issues/5785 and
https://github.com/haproxytech/haproxy-lua-cors/issues/16.
"""

from .. import apache, caddy, haproxy, site
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .fields_of_other_servers import _apache, _caddy, _haproxy
from .haproxy import haproxy_scenario, healthy_haproxy

CHECK, ORIGIN = "http.cors-refused", "https://app.example.org"
URL = f"https://{site.NAME}/data/items.json"
BLOCKED = f"Access to fetch at '{URL}' from origin '{ORIGIN}' has been blocked by CORS policy: "
MISSING = f"{BLOCKED}No 'Access-Control-Allow-Origin' header is present on the requested resource."
UNLISTED = (
    f"{BLOCKED}Request header field x-scope-orgid is not allowed by Access-Control-Allow-Headers in"
    " preflight response."
)
FILES = {"data/items.json": "[]\n"}
ALLOW = "Access-Control-Allow-Origin"
ADDED = "which sites may read it is a person's choice"
ANSWERED = (
    'http-request return status 204 hdr Access-Control-Allow-Origin "*" hdr'
    ' Access-Control-Allow-Headers "Content-Type{}" if METH_OPTIONS'
)


@apache_scenario(outside=CHECK, target=MISSING, differs=(apache.SITE,), manual=ADDED)
def apache_permits_no_other_site(lab: Lab) -> None:
    _apache(lab, "", **FILES)
    apache.start(lab)


@caddy_scenario(outside=CHECK, target=MISSING, differs=(caddy.CONFIG,))
def caddy_permits_other_sites_the_first_page_alone(lab: Lab) -> None:
    """The matcher "/" was for all paths in Caddy 1."""
    _caddy(lab, "", "header / {", f"\t{ALLOW} *", "}", **FILES)


@caddy_scenario(outside=CHECK, target=MISSING, differs=(caddy.CONFIG,))
def caddy_has_a_word_of_the_proxy_in_header(lab: Lab) -> None:
    _caddy(lab, "", "header {", f'\theader_down {ALLOW} "{ORIGIN}"', "}", **FILES)


@haproxy_scenario(outside=CHECK, target=UNLISTED, differs=(haproxy.CONFIG,))
def haproxy_answers_the_preflight_without_a_field(lab: Lab) -> None:
    line = f'{ANSWERED.format("")}\n    http-response set-header {ALLOW} "*"'
    _haproxy(lab, "", line, **FILES)


@healthy_apache(target=MISSING)
def apache_permits_the_other_site(lab: Lab) -> None:
    _apache(lab, "", f'    Header set {ALLOW} "{ORIGIN}"\n', **FILES)
    apache.start(lab)


@healthy_caddy(target=MISSING)
def caddy_permits_other_sites_all_paths(lab: Lab) -> None:
    _caddy(lab, "", "header {", f"\t{ALLOW} *", "}", **FILES)


@healthy_haproxy(target=UNLISTED)
def haproxy_answers_the_preflight_with_the_field(lab: Lab) -> None:
    line = f'{ANSWERED.format(", X-Scope-OrgID")}\n    http-response set-header {ALLOW} "*"'
    _haproxy(lab, "", line, **FILES)
