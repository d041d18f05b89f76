"""What a browser does and curl does not: lists of a preflight, fields that scripts cannot read,
policies of the page itself, and copies that are kept.

After https://github.com/traefik/traefik/issues/6665,
https://github.com/marmelab/react-admin/issues/3050,
https://github.com/pgadmin-org/pgadmin4/issues/7741 and
https://github.com/monsur/enable-cors.org/issues/106.
"""

from .. import apache, haproxy, site, traefik
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario, healthy_apache
from .fields_of_other_servers import _apache, _haproxy
from .haproxy import haproxy_scenario, healthy_haproxy
from .traefik import WRITTEN, healthy_traefik

ORIGIN = "https://app.example.org"
URL = f"https://{site.NAME}/"
ALLOW = f"    add_header Access-Control-Allow-Origin {ORIGIN}"

# Lists of a preflight

FIREFOX = (
    "Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel verbietet das "
    f"Lesen der externen Ressource auf {URL}data/items.json. (Grund: Methode in CORS-Kopfzeile "
    "'Access-Control-Allow-Methods' nicht gefunden)."
)
FILES = {"data/items.json": "[]\n"}
PREFLIGHT = (
    'http-request return status 204 hdr Access-Control-Allow-Origin "*" hdr'
    ' Access-Control-Allow-Methods "GET, POST{}" if METH_OPTIONS'
)
UNLISTED = (
    f"Access to fetch at '{URL}' from origin '{ORIGIN}' has been blocked by CORS policy: Request "
    "header field x-api-key is not allowed by Access-Control-Allow-Headers in preflight response."
)
MIDDLEWARE = """\
  middlewares:
    cors:
      headers:
        accessControlAllowMethods: [GET, POST]
        accessControlAllowHeaders:
          - content-type
MORE        accessControlAllowOriginList: ["https://app.example.org"]
  services:
"""


def _traefik(lab: Lab, more: str = "") -> None:
    text = traefik.SHOP.replace("  services:\n", MIDDLEWARE.replace("MORE", more), 1)
    traefik.serve(
        lab, text.replace("service: shop\n", "service: shop\n      middlewares: [cors]\n", 1)
    )


@haproxy_scenario(outside="http.cors-refused", target=FIREFOX, differs=(haproxy.CONFIG,))
def haproxy_lists_no_method_that_changes_something(lab: Lab) -> None:
    _haproxy(lab, "", PREFLIGHT.format(""), **FILES)


@healthy_haproxy(target=FIREFOX)
def haproxy_lists_a_method_that_changes_something(lab: Lab) -> None:
    _haproxy(lab, "", PREFLIGHT.format(", PATCH"), **FILES)


@scenario(outside="http.cors-refused", target=UNLISTED, differs=(traefik.DYNAMIC,), **WRITTEN)  # type: ignore[arg-type]
def traefik_lists_no_field_of_the_page(lab: Lab) -> None:
    _traefik(lab)


@healthy_traefik(target=UNLISTED)
def traefik_lists_the_field_of_the_page(lab: Lab) -> None:
    _traefik(lab, "          - x-api-key\n")


# Fields of the answer

TOTAL = (
    "The X-Total-Count header is missing in the HTTP Response. If you are using CORS, did you "
    "declare X-Total-Count in the Access-Control-Expose-Headers header?"
)
FAILED = (
    f"Access to fetch at '{URL}' from origin '{ORIGIN}' has been blocked by CORS policy: No "
    f"'Access-Control-Allow-Origin' header is present on the requested resource. POST {URL} "
    "net::ERR_FAILED 422 (Unprocessable Content)"
)
PLACE = "    proxy_http_version 1.1;\n    proxy_set_header Host $http_host;\n"


def _nginx(lab: Lab, lines: str) -> None:
    lab.change(PLACE, f"{PLACE}{lines}", site.CONF)


@scenario(outside="http.header-not-exposed", args=(TOTAL,), differs=(site.CONF,))
def field_that_scripts_of_other_sites_cannot_read(lab: Lab) -> None:
    _nginx(lab, f"{ALLOW};\n    add_header X-Total-Count 42;\n")


@healthy(args=(TOTAL,))
def field_that_scripts_of_other_sites_may_read(lab: Lab) -> None:
    exposed = "    add_header Access-Control-Expose-Headers X-Total-Count;\n"
    _nginx(lab, f"{ALLOW};\n    add_header X-Total-Count 42;\n{exposed}")


@scenario(outside=None, server="nginx.cors-header-lost", target=FAILED, differs=(site.CONF,))
def errors_of_posts_lack_the_field_for_other_sites(lab: Lab) -> None:
    """The message names the status: this run's GET succeeds."""
    _nginx(lab, f"{ALLOW};\n")


@healthy(target=FAILED)
def errors_of_posts_have_the_field_for_other_sites(lab: Lab) -> None:
    _nginx(lab, f"{ALLOW} always;\n")


# Policies of the page

TRUSTED = (
    "Uncaught TypeError: Failed to set the 'innerHTML' property on 'Element': This document "
    "requires 'TrustedHTML' assignment."
)
OBJECTS = "object-src 'none'; base-uri 'none'"


@scenario(outside="http.policy-limits-page", args=(TRUSTED,), differs=(site.CONF,))
def policy_that_demands_trusted_types(lab: Lab) -> None:
    policy = f"{OBJECTS}; require-trusted-types-for 'script'"
    _nginx(lab, f'    add_header Content-Security-Policy "{policy}";\n')


@healthy(args=(TRUSTED,))
def policy_that_demands_no_trusted_types(lab: Lab) -> None:
    _nginx(lab, f'    add_header Content-Security-Policy "{OBJECTS}";\n')


# HTTP/3

QUIC = ("net::ERR_QUIC_PROTOCOL_ERROR",)
ALT_SVC = "    http-after-response set-header alt-svc 'h3=\":443\"; ma=86400'\n"


@haproxy_scenario(outside=None, server="http.http3-unserved", args=QUIC, differs=(haproxy.CONFIG,))
def haproxy_announces_http3_and_has_no_socket_for_it(lab: Lab) -> None:
    """From outside nothing tells whether a firewall drops it."""
    text = haproxy.SITE.replace("    default_backend app\n", f"{ALT_SVC}    default_backend app\n")
    haproxy.serve(lab, text)


# Copies that are kept

SCRIPT = "<script type=module src=/assets/index-B7yq1k2x.js></script>\n"
BUILD = {"assets/index-B7yq1k2x.js": "document.title = 'Shop';\n"}
KEPT = '    Header set Cache-Control "public, max-age=31536000, immutable"\n'
PAGES = (
    '    <FilesMatch "\\.html?$">\n        Header set Cache-Control no-cache\n    </FilesMatch>\n'
)


@apache_scenario(outside="http.page-kept-too-long", differs=(apache.SITE,))
def apache_lets_browsers_keep_the_page_with_its_files(lab: Lab) -> None:
    _apache(lab, SCRIPT, KEPT, **BUILD)
    apache.start(lab)


@healthy_apache()
def apache_lets_browsers_keep_the_files_of_the_page_alone(lab: Lab) -> None:
    _apache(lab, SCRIPT, KEPT + PAGES, **BUILD)
    apache.start(lab)
