"""nginx in a container serves the files of a mounted folder. What is wrong with them is seen from
inside the container, and mended on the server. Docker does not run here: see `nginx_in_container`.
"""

from .. import site
from ..containers import Engine, application, proxied, proxy
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_in_container import COMPOSE, PANEL, STARTED
from .page_assets import CSS, PAGE, SHOP

HOME = "/srv/shop"
ABOUT = f"https://{site.NAME}/about"
MOUNT = "the mount has to be corrected in the compose file"
#: Where the server has the site, and where nginx in the container looks for it.
SITE = (f"{HOME}/html", "/var/www/site")
#: Where the image of nginx has its own pages.
IMAGE = "/usr/share/nginx/html"
FILES = "  root /var/www/site;\n  location / { try_files $uri $uri/ =404; }\n"
FALLBACK = FILES.replace("=404", "/index.html")
OWN = {"html/index.html": SHOP, "html/static/css/app.css": CSS}
FILE = ("/srv/proxy/conf.d/shop.conf",)


def serve(
    lab: Lab,
    lines: str = FILES,
    files: dict[str, str] = OWN,
    then: str = ":",
    binds: tuple[tuple[str, str], ...] = (SITE,),
    compose: str = "",
    **more: object,
) -> Engine:
    """nginx with these lines in a container; `files` are the server's, below HOME."""
    engine, server = Engine(lab, compose), lab.server
    lab.undo(lambda: server.sh(f"rm -rf {HOME}"))
    server.sh(f"mkdir -p {HOME}")
    for path, text in files.items():
        server.sh(f"mkdir -p {HOME}/{path.rpartition('/')[0]}")
        server.write(f"{HOME}/{path}", text)
    server.sh(f"chmod -R a+rX {HOME}; {then}")
    address = application(engine)
    text = proxied("http://127.0.0.1:3000").replace(PAGE, lines).replace("127.0.0.1:3", "app:3")
    proxy(engine, text, binds=binds, hosts=f"{address} app\n", **more)  # type: ignore[arg-type]
    engine.answers(443)
    return engine


@healthy(not_on=PANEL)
def container_serves_a_mounted_folder(lab: Lab) -> None:
    serve(lab)


@healthy(not_on=PANEL)
def container_serves_a_release_by_a_link(lab: Lab) -> None:
    """`current` is an absolute link that the container alone can follow: the server has no such
    folder."""
    link = f"ln -s /var/www/site/releases/5 {HOME}/html/current"
    files = {path.replace("html/", "html/releases/5/"): text for path, text in OWN.items()}
    serve(lab, FILES.replace("site;", "site/current;"), files, link)


@scenario(
    outside=None,
    server="nginx.file-forbidden",
    differs=(f"{HOME}/html/index.html",),
    not_on=PANEL,
)
def container_may_not_read_the_page(lab: Lab) -> None:
    """A file of mode 600 of the server's user, read by nginx's worker."""
    serve(lab, then=f"chmod 600 {HOME}/html/index.html")


@scenario(
    outside=None,
    server="nginx.file-forbidden",
    differs=(f"{HOME}/html",),
    not_on=PANEL,
)
def container_may_not_enter_the_folder(lab: Lab) -> None:
    serve(lab, then=f"chown 1000:1000 {HOME}/html; chmod 700 {HOME}/html")


@scenario(
    outside="http.page-file-missing",
    server="nginx.page-file-forbidden",
    differs=(f"{HOME}/html/static/css",),
    not_on=PANEL,
)
def container_may_not_read_a_style_sheet(lab: Lab) -> None:
    serve(lab, then=f"chmod 700 {HOME}/html/static/css")


@scenario(
    outside=None,
    server="nginx.file-forbidden",
    target=f"https://{site.NAME}/list.html",
    manual="a file of the system stays closed",
    not_on=PANEL,
)
def container_has_a_link_to_a_file_of_the_system(lab: Lab) -> None:
    """A link in the site's folder leads to the container's list of passwords."""
    serve(lab, then=f"ln -s ../../../etc/shadow {HOME}/html/list.html")


@scenario(outside=None, server="nginx.index-missing", differs=FILE, not_on=PANEL)
def container_has_the_project_in_place_of_its_build(lab: Lab) -> None:
    """The folder of the project is mounted, the pages are in its `dist`."""
    files = {path.replace("html/", "html/dist/"): text for path, text in OWN.items()}
    serve(lab, FALLBACK, files)


@scenario(
    outside=None,
    server="nginx.target-not-found",
    target=ABOUT,
    differs=FILE,
    not_on=PANEL,
)
def container_does_not_fall_back(lab: Lab) -> None:
    """An application in the browser, and `try_files $uri $uri/ =404`."""
    page = '<!doctype html>\n<title>Shop</title>\n<script src=/a.js></script><div id="app"></div>\n'
    serve(lab, files={"html/index.html": page, "html/a.js": "document.title += '!';\n"})


@scenario(outside=None, server="http.fallback-hides-page", target=ABOUT, differs=FILE, not_on=PANEL)
def container_hides_the_page_of_a_folder(lab: Lab) -> None:
    """about/index.html is there, and try_files has no `$uri/`."""
    about = SHOP.replace("tea", "us").replace("pots", "people")
    serve(lab, FALLBACK.replace("$uri/ ", ""), {**OWN, "html/about/index.html": about})


@scenario(outside=None, server="server.files-mounted-elsewhere", differs=FILE, not_on=PANEL)
def container_has_the_site_at_another_path(lab: Lab) -> None:
    """./html:/usr/share/nginx/html, and `root /var/www/site`."""
    serve(lab, binds=((SITE[0], IMAGE),))


@scenario(
    outside="http.server-error",
    server="server.files-mounted-elsewhere",
    differs=FILE,
    not_on=PANEL,
)
def container_falls_back_to_a_page_at_another_path(lab: Lab) -> None:
    """`try_files … /index.html` in a folder that is not there: 500."""
    serve(lab, FALLBACK, binds=((SITE[0], IMAGE),))


@scenario(outside=None, server="server.files-mounted-elsewhere", differs=STARTED, not_on=PANEL)
def container_has_an_empty_folder_mounted(lab: Lab) -> None:
    """`docker compose up` in a folder without the build: docker made ./html."""
    then = f"mkdir -p {SITE[0]}"
    files = {path.replace("html/", "src/"): text for path, text in OWN.items()}
    serve(lab, FALLBACK, files, then, compose=f"{HOME}/compose.yaml")


@healthy(target=f"https://{site.NAME}/media/photo.jpg", not_on=PANEL)
def container_has_another_site_mounted_too(lab: Lab) -> None:
    """A photo that is nowhere, and a mounted folder of pages that no `root` names."""
    serve(lab, binds=(SITE, (SITE[0], "/srv/backup")))


LETSENCRYPT = "/srv/letsencrypt"


def _with_certbot(lab: Lab, mount: tuple[str, str], path: str, compose: str = "") -> Engine:
    """The certificate as certbot leaves it on the server; nginx in the container names `path`."""
    server = lab.server
    lab.undo(lambda: server.sh(f"rm -rf {LETSENCRYPT}"))
    server.sh(f"""
        mkdir -p {LETSENCRYPT}/archive/shop {LETSENCRYPT}/live/shop; cd {LETSENCRYPT}
        cp {site.PEM} archive/shop/fullchain1.pem; cp {site.KEY} archive/shop/privkey1.pem
        for name in fullchain privkey; do
          ln -s ../../archive/shop/${{name}}1.pem live/shop/$name.pem
        done
    """)
    engine = Engine(lab, compose)
    address = application(engine)
    text = proxied("http://app:3000").replace(site.PEM, f"{path}/fullchain.pem")
    text = text.replace(site.KEY, f"{path}/privkey.pem")
    proxy(engine, text, binds=(mount,), hosts=f"{address} app\n")
    return engine


@scenario(outside="tcp.refused", server="listener.container-stopped", differs=STARTED, not_on=PANEL)
def container_has_the_links_of_certbot_alone(lab: Lab) -> None:
    """live is mounted and archive is not: nginx says "No such file or directory"."""
    live = f"{LETSENCRYPT}/live"
    mount = (live, "/etc/letsencrypt/live")
    _with_certbot(lab, mount, "/etc/letsencrypt/live/shop", COMPOSE).ended("proxy", 1)


@scenario(outside="tcp.refused", server="listener.container-stopped", differs=STARTED, not_on=PANEL)
def container_has_the_links_of_certbot_at_another_path(lab: Lab) -> None:
    """https://github.com/nginx/docker-nginx/issues/636: live/NAME is mounted as /var/cert."""
    mount = (f"{LETSENCRYPT}/live/shop", "/var/cert")
    _with_certbot(lab, mount, "/var/cert", COMPOSE).ended("proxy", 1)


@healthy(not_on=PANEL)
def container_has_the_whole_folder_of_certbot(lab: Lab) -> None:
    _with_certbot(lab, (LETSENCRYPT, "/certs"), "/certs/live/shop").answers(443)
