"""PHP-FPM in a container that sees the site's folder at another path than nginx, as in many compose
files. Docker does not run here: see `nginx_in_container`."""

from .. import site
from ..containers import Engine, application, proxied, proxy
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .nginx_in_container import PANEL, STARTED

HOME = "/srv/fpmapp"
POINT = "/var/www"
COMPOSE = f"{HOME}/compose.yaml"
USUAL = "$document_root$fastcgi_script_name"
PHP = """\
  index index.php;
  location / { try_files $uri $uri/ /index.php?$query_string; }
  location ~ \\.php$ {
    include fastcgi_params;
    fastcgi_param SCRIPT_FILENAME %s;
    fastcgi_pass %s;
  }
"""


def _fpm(lab: Lab, engine: Engine, point: str = POINT, port: bool = True) -> str:
    lab.undo(lambda: lab.server.sh(f"rm -rf {HOME}"))
    lab.server.write(f"{HOME}/public/index.php", "<?php echo 1;\n")
    lab.server.sh(f"chmod -R a+rX {HOME}")
    argv = lab.server.application("fpm_server", "0.0.0.0:9000")
    address = engine.run(
        "fpm", argv, ports=((9000, 9000),) if port else (), image="php:8.3-fpm",
        binds=((HOME, point),) if point else (),
    )  # fmt: skip
    engine.reaches(address, 9000)
    return address


def _pages(root: str, where: str, name: str = USUAL) -> str:
    return f"  root {root};\n{PHP % (name, where)}"


def _on_the_server(lab: Lab, engine: Engine, point: str = POINT, name: str = USUAL) -> None:
    _fpm(lab, engine, point)
    lab.change(PAGES, _pages(f"{HOME}/public", "127.0.0.1:9000", name))


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", differs=(site.CONF,),
    not_on=PANEL,
)  # fmt: skip
def fpm_sees_the_folder_elsewhere(lab: Lab) -> None:
    """After many threads ("Primary script unknown"): -v /srv/fpmapp:/var/www, and nginx of the
    server has the folder of the server."""
    _on_the_server(lab, Engine(lab))


@scenario(
    outside="http.answer-says-why",
    server="upstream.script-not-found",
    differs=STARTED,
    not_on=PANEL,
)
def two_containers_see_the_folder_at_two_paths(lab: Lab) -> None:
    """./:/usr/share/nginx/html for nginx, and ./:/var/www/html for PHP."""
    engine = Engine(lab)
    address = _fpm(lab, engine, "/var/www/html", port=False)
    other = application(engine)
    text = proxied("http://app:3000")
    pages = PAGES.replace("http://127.0.0.1:3000", "http://app:3000")
    text = text.replace(pages, _pages("/usr/share/nginx/html/public", "php:9000"))
    inner = [(HOME, "/usr/share/nginx/html")]
    proxy(engine, text, hosts=f"{address} php\n{other} app\n", binds=inner)
    engine.answers(443)


@scenario(
    outside="http.answer-says-why",
    server="upstream.script-not-found",
    differs=STARTED,
    not_on=PANEL,
)
def fpm_does_not_see_the_folder(lab: Lab) -> None:
    """The compose file mounts nothing for PHP."""
    _on_the_server(lab, Engine(lab, COMPOSE), "")


@healthy(not_on=PANEL)
def fpm_is_told_its_own_path(lab: Lab) -> None:
    """The folder is elsewhere there, and SCRIPT_FILENAME says so."""
    _on_the_server(lab, Engine(lab), name="/var/www/public$fastcgi_script_name")


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", differs=(site.CONF,),
    not_on=PANEL,
)  # fmt: skip
def script_is_in_another_folder_that_both_see(lab: Lab) -> None:
    """After issue 6 of eko/docker-symfony: both see the project at the same path, and nginx names
    another folder of it."""
    _fpm(lab, Engine(lab), HOME)
    lab.server.sh(f"mkdir {HOME}/web; cp {HOME}/public/index.php {HOME}/web/home.php")
    pages = _pages(f"{HOME}/web", "127.0.0.1:9000").replace(" $uri/ ", " ")
    lab.change(PAGES, pages)


@healthy(not_on=PANEL)
def script_is_in_the_folder_that_both_see(lab: Lab) -> None:
    _fpm(lab, Engine(lab), HOME)
    lab.change(PAGES, _pages(f"{HOME}/public", "127.0.0.1:9000"))
