"""Hidden files of a program that the site gives to everybody.

https://github.com/ovflowd/chocolatey/issues/330: "someone … told me something: he can see .env file
on web browser" (Apache); here nginx.
"""

from .. import caddy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .caddy import caddy_scenario
from .fields_of_other_servers import _caddy
from .page_assets import FOLDER, SHOP, _serve

TOLD = ("somebody can see the .env file in a browser",)
FILES = {"index.html": SHOP, ".env": "DB_PASSWORD=secret\n", "static/css/app.css": "body { }\n"}
LINES = f"  root {FOLDER};\n  location / {{ try_files $uri $uri/ =404; }}\n"
CLOSED = "  location ~ /\\. { deny all; }\n"


@scenario(outside="http.hidden-file-offered", args=TOLD, differs=(site.CONF,))
def environment_of_the_program_is_offered(lab: Lab) -> None:
    _serve(lab, LINES, **FILES)


@healthy(args=TOLD)
def environment_of_the_program_is_refused(lab: Lab) -> None:
    _serve(lab, CLOSED + LINES, **FILES)


@healthy(args=TOLD)
def page_in_the_place_of_the_environment(lab: Lab) -> None:
    _serve(lab, LINES.replace("=404", "/index.html"), **FILES)
    lab.server.sh(f"rm {FOLDER}/.env")


@caddy_scenario(outside="http.hidden-file-offered", args=TOLD, differs=(caddy.CONFIG,))
def caddy_offers_the_environment_of_the_program(lab: Lab) -> None:
    _caddy(lab, "", **{".env": "DB_PASSWORD=secret\n"})
