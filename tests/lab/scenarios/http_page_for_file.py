"""Scenarios of http.page-for-file: the page of an application in the place of a file that is not
there, as Caddy and Apache give it. That of nginx is in nginx_page_for_file."""

from .. import apache, caddy, site
from ..lab import Lab
from .apache import FILES as APACHE_FILES
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy

FOLDER = "/var/www/build"
OLD = f"https://{site.NAME}/assets/Chat-BX2fk9Qa.css"
REFUSED = (
    f"Refused to apply style from '{OLD}' because its MIME type ('text/html') is not a supported "
    "stylesheet MIME type, and strict MIME checking is enabled."
)


def _built(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    script = "<script src=/assets/index-Dk3vQ0aL.js></script>"
    lab.server.write(f"{FOLDER}/index.html", f"<!doctype html><title>Shop</title>{script}<p>Tea.\n")
    lab.server.write(f"{FOLDER}/assets/index-Dk3vQ0aL.js", "document.title += '!';\n")
    lab.server.sh(f"chmod -R a+rX {FOLDER}")


def _caddy(lab: Lab, lines: str) -> None:
    _built(lab)
    tls = (
        f"\ttls {caddy.PEM} {caddy.KEY}\n\thandle /ws {{\n\t\treverse_proxy 127.0.0.1:3000\n\t}}\n"
    )
    caddy.serve(lab, f"{site.NAME} {{\n{tls}\troot * {FOLDER}\n{lines}}}\n")


FALLBACK = "\thandle {\n\t\ttry_files {path} /index.html\n\t\tfile_server\n\t}\n"
GONE = "\t@gone {\n\t\tpath /assets/*\n\t\tnot file\n\t}\n\thandle @gone {\n\t\trespond 404\n\t}\n"


@caddy_scenario(outside="http.page-for-file", args=(REFUSED,), target=OLD, differs=(caddy.CONFIG,))
def caddy_gives_the_page_for_a_file_that_has_gone(lab: Lab) -> None:
    """After https://github.com/metadist/synaplan/pull/1651."""
    _caddy(lab, FALLBACK)


@healthy_caddy(args=(REFUSED,), target=OLD)
def caddy_gives_404_for_a_file_that_has_gone(lab: Lab) -> None:
    _caddy(lab, GONE + FALLBACK)


def _apache(lab: Lab, lines: str) -> None:
    _built(lab)
    head = apache.HTTPS[: apache.HTTPS.index("    ProxyPass / ")].replace("/var/www/html", FOLDER)
    folder = f"    <Directory {FOLDER}>\n        Require all granted\n    </Directory>\n"
    apache.serve(lab, f"{head}{folder}    {RESOURCE}{lines}</VirtualHost>\n\n{apache.HTTP}")


RESOURCE = "FallbackResource /index.html\n"
DISABLED = '<Location "/assets/">\n    FallbackResource disabled\n</Location>\n'


@apache_scenario(outside="http.page-for-file", args=(REFUSED,), target=OLD, differs=APACHE_FILES)
def apache_gives_the_page_for_a_file_that_has_gone(lab: Lab) -> None:
    """After https://github.com/metadist/synaplan/pull/1651, on Apache."""
    _apache(lab, "")


@healthy_apache(args=(REFUSED,), target=OLD)
def apache_gives_404_for_a_file_that_has_gone(lab: Lab) -> None:
    _apache(lab, DISABLED)
