"""nginx is in a container, and the style sheet of the page is in the application's container alone:
each container has files of its own. See `nginx_in_container`."""

from ..containers import Engine, application, proxied, proxy
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_in_container import COMPOSE, PANEL, STARTED
from .page_assets import CSS, PAGE, SHOP

HOME = "/srv/django"
PAGES, APPLICATION = (f"{HOME}/html", "/var/www/site"), (f"{HOME}/app", "/app")
STATIC = (f"{HOME}/app/static", "/app/static")
LINES = """\
  root /var/www/site;
  location /static/ { alias /app/static/; }
  location / { try_files $uri $uri/ =404; }
"""


def _serve(lab: Lab, *mounts: tuple[str, str]) -> None:
    engine, server = Engine(lab, COMPOSE), lab.server
    lab.undo(lambda: server.sh(f"rm -rf {HOME}"))
    server.sh(f"mkdir -p {HOME}/html {HOME}/app/static/css")
    server.write(f"{HOME}/html/index.html", SHOP)
    server.write(f"{HOME}/app/static/css/app.css", CSS)
    server.sh(f"chmod -R a+rX {HOME}")
    address = application(engine, binds=[APPLICATION])
    text = proxied("http://127.0.0.1:3000").replace(PAGE, LINES).replace("127.0.0.1:3", "app:3")
    proxy(engine, text, binds=(PAGES, *mounts), hosts=f"{address} app\n")
    engine.answers(443)


@scenario(
    outside="http.page-file-missing", server="nginx.page-file-in-other-container", differs=STARTED,
    not_on=PANEL,
)  # fmt: skip
def container_of_nginx_lacks_the_static_files(lab: Lab) -> None:
    """https://stackoverflow.com/questions/51869154: the alias is right, and the folder is mounted
    into the application's container alone."""
    _serve(lab)


@healthy(not_on=PANEL)
def container_of_nginx_has_the_static_files(lab: Lab) -> None:
    _serve(lab, STATIC)
