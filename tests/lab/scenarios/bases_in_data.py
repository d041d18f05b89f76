"""The page's scripts read a document that says where to ask further, and its program writes it with
http:, because nobody tells it that visitors use https. Only a browser sees it.

After https://github.com/gravitee-io/issues/issues/9097 (Apache, /portal/ui/bootstrap).
"""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario
from .page_assets import PAGE

PORT, PATH = 3001, "/portal/"
TARGET = f"https://{site.NAME}{PATH}"
TELLS = "    proxy_set_header X-Forwarded-Proto https;\n"
LOCATION = f"""\
  location {PATH} {{
    proxy_pass http://127.0.0.1:{PORT};
    proxy_set_header Host $http_host;
  }}

"""
APACHE_LINE = "    ProxyPass / http"
APACHE_SCHEME = "    RequestHeader set X-Forwarded-Proto https\n"


def _serve(lab: Lab, mode: str = "told", tells: bool = False) -> None:
    lab.spawn(lab.server, lab.server.application("bootstrap_server", mode, str(PORT)), PORT)
    lab.change(PAGE, LOCATION.replace("  }", f"{TELLS}  }}") + PAGE if tells else LOCATION + PAGE)


@scenario(
    outside="http.mixed-content",
    server="http.mixed-content",
    target=TARGET,
    differs=(site.CONF,),
)
def base_in_data_is_http(lab: Lab) -> None:
    _serve(lab)


@apache_scenario(outside="http.mixed-content", server="http.mixed-content", target=TARGET)
def base_in_data_is_http_behind_apache(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.application("bootstrap_server", "told", str(PORT)), PORT)
    own = f"    ProxyPass {PATH} http://127.0.0.1:{PORT}{PATH}\n{APACHE_LINE}"
    text = apache.HTTPS.replace(APACHE_LINE, own).replace(APACHE_SCHEME, "")
    apache.serve(lab, f"{text}\n{apache.HTTP}")


@healthy(target=TARGET)
def base_in_data_is_https(lab: Lab) -> None:
    """Links of the page lead to http, which redirects."""
    _serve(lab, tells=True)


@healthy(target=TARGET)
def base_in_data_has_no_host(lab: Lab) -> None:
    _serve(lab, "relative")
