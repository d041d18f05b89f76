"""Programs whose source lacks what their web framework needs behind a proxy
(applications/source_server.py)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_host_not_passed import PAGES

CHECK = "upstream.framework-setting"
FLASK = "/srv/shop/app.py"
NEXT = "/srv/shop/next.config.js"
SPRING = "/srv/shop/application.yml"
PORT = "server:\n  port: 3001\n"
BASE = "/usr/share/nginx/html/panel/index.html"
PANEL_URL = f"https://{site.NAME}/panel/"
LACKING = "from flask import Flask\n\nSECRET = 'never-shown'\napp = Flask(\n    __name__,\n)\n"
WRAPPED = (
    "from flask import Flask\nfrom werkzeug.middleware.proxy_fix import ProxyFix\n\n"
    "app = Flask(__name__)\napp.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)\n"
)
PANEL = (
    '<!doctype html>\n<html><head><title>Panel</title><base href="{base}">\n'
    '<script src="main.js"></script></head>\n'
    "<body><app-root></app-root><p>The panel of the shop, with some words.</p></body></html>\n"
)


def program(
    lab: Lab, mode: str, files: dict[str, str], location: str = "/", form: str = "exec {}"
) -> None:
    """The pages come from a program with these files, started in their folder by a shell."""
    server = lab.server
    for path, text in files.items():
        server.write(path, text)
    lab.undo(lambda: server.sh("rm -rf /srv/shop"))
    start = " ".join(server.application("source_server", mode, "3001"))
    lab.spawn(server, ("sh", "-c", f"cd /srv/shop && {form.format(start)}"), 3001)
    mine = PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001")
    lab.change(PAGES, mine.replace("location / ", f"location {location} "))


@scenario(outside="http.redirect-downgrade", server=CHECK, differs=("processes",))
def flask_lacks_proxyfix(lab: Lab) -> None:
    program(lab, "flask", {FLASK: LACKING})


@scenario(outside="http.redirect-downgrade", server=CHECK, differs=("processes",))
def flask_by_nohup_lacks_proxyfix(lab: Lab) -> None:
    """Its environment and its output are those of a person's shell."""
    form = 'LABEL="it\'s a shop" exec nohup {} >/srv/shop/out 2>&1'
    program(lab, "flask", {FLASK: LACKING}, form=form)


@scenario(outside="http.redirect-downgrade", server=CHECK, differs=("processes",))
def flask_in_a_loop_of_a_shell_lacks_proxyfix(lab: Lab) -> None:
    """The loop starts it again when it has ended."""
    program(lab, "flask", {FLASK: LACKING}, form="while :; do {}; sleep 1; done")


@scenario(outside="http.redirect-downgrade", server=CHECK, differs=("processes",))
def express_lacks_trust_proxy(lab: Lab) -> None:
    text = "const express = require('express');\nconst app = express();\napp.listen(3001);\n"
    program(lab, "express", {"/srv/shop/app.js": text})


@scenario(outside="http.redirect-downgrade", server=CHECK, differs=("processes",))
def spring_in_yaml_does_not_trust_the_proxy(lab: Lab) -> None:
    """https://docs.spring.io/spring-boot/how-to/webserver.html: nothing of the proxy counts where
    no strategy is set."""
    program(lab, "spring", {SPRING: PORT})


@scenario(outside="http.redirect-downgrade", server=CHECK, differs=("processes",))
def spring_in_yaml_has_the_strategy_none(lab: Lab) -> None:
    """As the same page has it."""
    program(lab, "spring", {SPRING: f"{PORT}  forward-headers-strategy: none\n"})


@healthy()
def spring_in_yaml_trusts_the_proxy(lab: Lab) -> None:
    """In a document of its own."""
    more = "---\nserver:\n  forward-headers-strategy: native\n"
    program(lab, "spring", {SPRING: f"{PORT}{more}"})


@healthy()
def flask_has_proxyfix(lab: Lab) -> None:
    """The words of another file say the same, in a comment and in a text."""
    odd = {"/srv/shop/old.py": "# app = Flask(__name__)\nNOTE = 'app = Flask(__name__)'\n"}
    program(lab, "flask", {FLASK: WRAPPED, **odd})


@scenario(
    target=f"https://{site.NAME}/shop",
    outside="http.page-file-missing",
    server=CHECK,
    differs=("processes",),
)
def next_lacks_its_base_path(lab: Lab) -> None:
    program(lab, "next", {NEXT: "module.exports = {\n  reactStrictMode: true,\n}\n"}, "/shop")


@healthy(target=f"https://{site.NAME}/shop")
def next_has_its_base_path(lab: Lab) -> None:
    program(lab, "next", {NEXT: "module.exports = {\n  basePath: '/shop',\n}\n"}, "/shop")


def _panel(lab: Lab, base: str) -> None:
    folder = BASE.rpartition("/")[0]
    lab.undo(lambda: lab.server.sh(f"rm -rf {folder}"))
    lab.server.write(BASE, PANEL.replace("{base}", base))
    lab.server.write(f"{folder}/main.js", "1;\n")
    lab.change(PAGES, f"  location /panel/ {{\n    root /usr/share/nginx/html;\n  }}\n{PAGES}")


@scenario(target=PANEL_URL, outside="http.base-path-missing", server=CHECK, differs=(BASE,))
def page_has_the_base_of_the_root(lab: Lab) -> None:
    """An Angular application was built for /, and copied to a folder."""
    _panel(lab, "/")


@healthy(target=PANEL_URL)
def page_has_the_base_of_its_folder(lab: Lab) -> None:
    _panel(lab, "/panel/")
