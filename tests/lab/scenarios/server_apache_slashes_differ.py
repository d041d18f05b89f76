"""Scenarios of server.apache-slashes-differ: a real Apache."""

from .. import apache, site
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

LOGIN = f"https://{site.NAME}/app/login"
RIGHT = "ProxyPass / http://127.0.0.1:3000/\n    ProxyPassReverse / http://127.0.0.1:3000/"


def _serve(lab: Lab, path: str, address: str) -> None:
    lab.application("--mode", "strict-paths")
    lines = f"ProxyPass {path} {address}\n    ProxyPassReverse {path} {address}"
    apache.serve(lab, f"{apache.HTTPS.replace(RIGHT, lines)}\n{apache.HTTP}")


@apache_scenario(outside=None, server="server.apache-slashes-differ", target=LOGIN, differs=FILES)
def apache_doubles_a_slash(lab: Lab) -> None:
    """https://github.com/ONLYOFFICE/document-server-proxy/pull/2: the application says "Cannot GET
    //welcome/"; path and address are variables."""
    define = "Define APP /app\nDefine BACK 127.0.0.1:3000\n"
    lab.application("--mode", "strict-paths")
    lines = 'ProxyPass ${APP} "http://${BACK}/"\n    ProxyPassReverse ${APP} "http://${BACK}/"'
    apache.serve(lab, f"{define}{apache.HTTPS.replace(RIGHT, lines)}\n{apache.HTTP}")


@apache_scenario(outside=None, server="server.apache-slashes-differ", target=LOGIN, differs=FILES)
def apache_loses_a_slash(lab: Lab) -> None:
    """The address has a path without a slash at its end: /baselogin."""
    _serve(lab, "/app/", "http://127.0.0.1:3000/base")


@healthy_apache(target=LOGIN)
def apache_has_both_slashes_below_a_folder(lab: Lab) -> None:
    _serve(lab, "/app/", "http://127.0.0.1:3000/base/")


@healthy_apache(target=LOGIN)
def apache_doubles_a_slash_that_the_application_takes(lab: Lab) -> None:
    _serve(lab, "/app", "http://127.0.0.1:3000/")
    lab.application()
