"""The application's cookie is for its own path, and Apache passes the page on under another."""

from .. import apache, site
from ..apache import HTTP, HTTPS
from ..lab import HERE, Lab
from .apache import SITE, apache_scenario, healthy_apache

URL = f"https://{site.NAME}/health-dev/"
BELOW = "    ProxyPass /health-dev/ http://127.0.0.1:3001/health/\n"
TRANSLATED = "    ProxyPassReverseCookiePath /health /health-dev\n"
WHOLE = "    ProxyPass / "


def _application(lab: Lab) -> None:
    program = str(HERE / "applications" / "asked_server.py")
    lab.spawn(lab.server, lab.server.python(program, "inner-path", "3001"), 3001)


def _apache(lab: Lab, lines: str) -> None:
    _application(lab)
    apache.serve(lab, f"{HTTPS.replace(WHOLE, lines + WHOLE)}\n{HTTP}")


@apache_scenario(outside=None, server="server.apache-cookie-path", target=URL, differs=SITE)
def apache_passes_the_cookie_of_another_path(lab: Lab) -> None:
    """After questions about sessions that are lost behind `ProxyPass /app http://tomcat/context`:
    ProxyPassReverseCookiePath is missing."""
    _apache(lab, BELOW)


@healthy_apache(target=URL)
def apache_translates_the_path_of_the_cookie(lab: Lab) -> None:
    _apache(lab, BELOW + TRANSLATED)
