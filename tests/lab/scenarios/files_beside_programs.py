"""Files of the page that lie beside the application, which serves none, behind Apache, Caddy and
HAProxy."""

from .. import apache, caddy, haproxy
from ..apache import HTTP, HTTPS
from ..caddy import KEY, PEM
from ..lab import Lab
from .apache import apache_scenario
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario

FOLDER = "/srv/shop"
CHECK, SEEN = "server.file-beside-program", "http.page-file-missing"
WS = "\thandle /ws {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n"


def _run(lab: Lab, file: str = "/static/app.js") -> None:
    """The application runs in its folder, in which the file is."""
    page = "/:/static/app.js" if file.startswith("/static/") else f"/:{file}"
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    lab.server.write(f"{FOLDER}{file}", "start();\n")
    argv = lab.server.application("paths_server", "3001", page)
    lab.spawn(lab.server, ["sh", "-c", f'cd {FOLDER} && exec "$@"', "sh", *argv], 3001)


def _apache(lab: Lab) -> None:
    text = HTTPS.replace("/ http://127.0.0.1:3000/", "/ http://127.0.0.1:3001/")
    apache.serve(lab, f"{text}\n{HTTP}")


def _caddy(lab: Lab, lines: str = "") -> None:
    site = f"{WS}{lines}\treverse_proxy 127.0.0.1:3001\n"
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{site}}}\n")


@apache_scenario(outside=SEEN, server=CHECK, differs=(apache.SITE,))
def apache_has_files_beside_its_application(lab: Lab) -> None:
    _run(lab)
    _apache(lab)


@caddy_scenario(outside=SEEN, server=CHECK, differs=(caddy.CONFIG,))
def caddy_has_files_beside_its_application(lab: Lab) -> None:
    _run(lab)
    _caddy(lab)


@caddy_scenario(outside=SEEN, server=CHECK, differs=(caddy.CONFIG,))
def caddy_has_uploads_beside_its_application(lab: Lab) -> None:
    """The name does not say that all in the folder is for visitors: a person looks first."""
    _run(lab, "/media/app.js")
    _caddy(lab)


@haproxy_scenario(outside=SEEN, server=CHECK, manual="HAProxy serves no files")
def haproxy_has_files_beside_its_application(lab: Lab) -> None:
    _run(lab)
    haproxy.serve(lab, haproxy.SITE.replace(":3000", ":3001"))


@healthy_caddy()
def caddy_serves_the_files_beside_its_application(lab: Lab) -> None:
    _run(lab)
    lines = f"\t\troot * {FOLDER}/static\n\t\tfile_server\n"
    _caddy(lab, f"\thandle_path /static/* {{\n{lines}\t}}\n")
