"""What people asked about pages below the first one: the address to which a login leads back, a
single-page application below a relative root, an interface that takes POST alone.

Each is made after the thread that it names, and has a healthy twin.
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import UNLOGGED, healthy, scenario
from .firewall import firewalld

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PASS = "    proxy_pass http://127.0.0.1:3000;\n"
PASSED = "    proxy_pass http://127.0.0.1:3001;\n"
SCHEME = "    proxy_set_header X-Forwarded-Proto https;\n"
HOST = "    proxy_set_header X-Forwarded-Host $http_host;\n"
MISMATCH = f"https://{site.NAME}/ Error 400: redirect_uri_mismatch"
ODOO = f"https://{site.NAME}/web/login"
ON_443 = "the laboratory's visitor uses port 443"
IN_THE_APPLICATION = "the application builds the address"
#: nginx is built for this folder where a distribution packages it.
BUILT_FOR = "/usr/share/nginx"
ELSEWHERE = {"built-*": "its relative paths begin elsewhere", "panel": "likewise"}


def _application(lab: Lab, program: str, *words: str) -> None:
    argv = lab.server.python(str(HERE / "applications" / program), "3001", *words)
    lab.spawn(lab.server, argv, 3001)


def _login(lab: Lab, old: str, new: str) -> None:
    _application(lab, "login_server.py")
    lab.change(PAGES, PAGES.replace(PASS, PASSED).replace(old, new))


@scenario(
    outside="http.login-return-address", args=(MISMATCH,), target=f"https://{site.NAME}/",
    manual=IN_THE_APPLICATION,
)  # fmt: skip
def login_with_google_is_told_http(lab: Lab) -> None:
    """The first page links to /auth/google, after issue 17 of ueberauth_google and 723 of Zammad:
    nginx does not pass X-Forwarded-Proto on."""
    _login(lab, SCHEME, "")


@healthy(args=(MISMATCH,))
def login_with_google_is_told_https(lab: Lab) -> None:
    """The same message, and the address is right: it is not registered."""
    _login(lab, SCHEME, SCHEME)


@scenario(outside="http.login-return-address", target=ODOO, manual=IN_THE_APPLICATION)
def link_of_a_login_names_http(lab: Lab) -> None:
    """Odoo believes X-Forwarded-Proto beside X-Forwarded-Host alone, after its issue 9057."""
    _login(lab, SCHEME, SCHEME)


@healthy(target=ODOO)
def link_of_a_login_names_https(lab: Lab) -> None:
    """With X-Forwarded-Host."""
    _login(lab, SCHEME, SCHEME + HOST)


@scenario(outside="http.not-the-site", server="nginx.reload-needed", layer="nginx")
def site_was_written_after_the_last_start(lab: Lab) -> None:
    """nginx shows its first page, after issue 10 of a tutorial for Node.js on DigitalOcean: nobody
    has reloaded it."""
    page = "<!doctype html><title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>"
    lab.server.write("/var/www/first/index.html", page)
    first = "  location / {\n    root /var/www/first;\n  }\n"
    lab.change(PAGES, first)
    lab.server.sh("sleep 1")  # a file that is older than the workers is loaded
    lab.edit(first, PAGES)


@scenario(outside="http.not-the-site", server="nginx.reload-needed", layer="nginx")
def scripts_were_configured_after_the_last_start(lab: Lab) -> None:
    """A site of scripts beside nginx's first page, after issue 167 of a role for WordPress
    (https://github.com/carlalexander/debops-wordpress/issues/167): nobody has reloaded nginx."""
    page = "<!doctype html><title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>"
    lab.server.write("/var/www/first/index.html", page)
    first = "  location / {\n    root /var/www/first;\n  }\n"
    lab.change(PAGES, first)
    lab.server.sh("sleep 1")  # a file that is older than the workers is loaded
    files = "  location / {\n    root /var/www;\n    try_files $uri /index.php;\n  }\n"
    lab.edit(first, files + PAGES.replace("location / {", "location = /index.php {"))


def _languages(lab: Lab, location: str) -> None:
    page = '<!doctype html><title>App</title><script src="/app.js"></script><div id="app"></div>'
    for name in ("index.html", "en/index.html"):
        lab.server.write(f"{BUILT_FOR}/html/{name}", page)
    lab.server.write(f"{BUILT_FOR}/html/app.js", "app();")
    first = "  root html;\n  location / {\n    try_files $uri $uri/ /index.html;\n  }\n\n"
    lab.change(PAGES, first + location)


@scenario(
    outside=None, server="nginx.target-not-found", target=f"https://{site.NAME}/en/new",
    differs=MINE, not_on=ELSEWHERE,
)  # fmt: skip
def languages_of_an_application_have_no_fallback(lab: Lab) -> None:
    """A location for /fr and /en with `root html`, after issue 255 of jupyter-apis: 404 after a
    refresh."""
    _languages(lab, "  location ~ ^/(fr|en)/ {\n    root html;\n  }\n\n")


@healthy(target=f"https://{site.NAME}/en/new", not_on=ELSEWHERE)
def languages_of_an_application_fall_back(lab: Lab) -> None:
    """The same, with try_files."""
    tried = "    try_files $uri $uri/ /index.html;\n"
    _languages(lab, f"  location ~ ^/(fr|en)/ {{\n    root html;\n{tried}  }}\n\n")


@scenario(
    outside=None, server="upstream.upgrade-on-every-request",
    args=(f"https://{site.NAME}/ HTTP ERROR 400",), target=f"https://{site.NAME}/",
    differs=(site.CONF,),
)  # fmt: skip
def forms_are_sent_with_an_upgrade(lab: Lab) -> None:
    """`Connection "Upgrade"` for every request, after issue 21933 of aspnetcore: Kestrel answers
    forms with 400, and pages work."""
    upgrade = (
        '    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection "Upgrade";\n'
    )
    lab.change(PAGES, PAGES.replace(PASS, PASS + upgrade))


@scenario(
    outside=None, server="upstream.wrong-path", target=f"https://{site.NAME}/api/login",
    differs=MINE,
)  # fmt: skip
def prefix_of_an_interface_is_cut_off(lab: Lab) -> None:
    """Its login takes POST alone, and the slash of proxy_pass cuts /api off, after pull request 18
    of CloudPaste."""
    _application(lab, "paths_server.py", "/api/login:405:")
    location = PAGES.replace("location /", "location /api/").replace(PASS, PASSED)
    lab.change(PAGES, location.replace("3001;", "3001/;") + PAGES)


@healthy(target=f"https://{site.NAME}/api/none")
def interface_has_nothing_at_a_path(lab: Lab) -> None:
    """The whole path is passed on: its own 404."""
    _application(lab, "paths_server.py", "/api/login:405:")
    lab.change(PAGES, PAGES.replace("location /", "location /api/").replace(PASS, PASSED) + PAGES)


@scenario(
    outside=None, server="nginx.request-limit", args=(f"https://{site.NAME}/ status of 503",),
    target=f"https://{site.NAME}/", manual="how many requests are too many is a choice",
    not_on=UNLOGGED,
)  # fmt: skip
def script_of_the_page_loads_more_files_than_the_limit(lab: Lab) -> None:
    """`limit_req … burst=10` and fifty files at once, after issue 18183 of AspNetCore.Docs: the run
    itself asks for few."""
    zone = "limit_req_zone $binary_remote_addr zone=one:10m rate=5r/s;\n"
    lab.edit(site.MAP, zone + site.MAP)
    lab.change(PASS, f"{PASS}    limit_req zone=one burst=10 nodelay;\n")
    urls = " ".join(f"https://{site.NAME}/_framework/{number}.dll" for number in range(30))
    lab.client.sh(f"curl -s -o /dev/null --parallel --parallel-immediate {urls}")
    lab.client.sh("sleep 4")  # until the limit lets a page through again


def _forced(lab: Lab, scheme: str) -> None:
    lab.application("--mode", "redirect-to-443")
    firewalld(lab, "--zone=public --add-port=8443/tcp")
    lab.edit(PAGES, PAGES.replace(SCHEME, scheme))
    lab.edit("return 301 https://$host$request_uri;", "return 301 https://$host:8443$request_uri;")
    lab.change("listen 443 ssl;", "listen 8443 ssl;")


@scenario(
    outside="http.redirect-wrong-host", server="upstream.scheme-not-passed",
    target=f"https://{site.NAME}:8443/", manual=ON_443,
)  # fmt: skip
def https_is_forced_past_the_port(lab: Lab) -> None:
    """Without X-Forwarded-Proto the application leads https://…:8443 to https://…, after issue 494
    of next-terminal."""
    _forced(lab, "")


@healthy(target=f"https://{site.NAME}:8443/")
def https_is_forced_and_the_application_is_told(lab: Lab) -> None:
    """X-Forwarded-Proto is passed on."""
    _forced(lab, SCHEME)


HEALTH = f"https://{site.NAME}/health/list/"


def _application_in_a_folder(lab: Lab, location: str) -> None:
    script = '<script type="module" src="/health/assets/a.js"></script>'
    page = f'<!doctype html><title>Health</title><div id="app"></div>{script}'
    lab.undo(lambda: lab.server.sh("rm -rf /srv/health-site"))
    lab.server.write("/srv/health-site/index.html", "<!doctype html><p>Welcome to our company.\n")
    lab.server.write("/srv/health-site/health/index.html", page)
    lab.server.write("/srv/health-site/health/assets/a.js", "app();")
    root = "  root /srv/health-site;\n"
    lab.change(PAGES, f"{root}{location}  location / {{\n    index index.html;\n  }}\n")


@scenario(
    outside=None, server="nginx.target-not-found", target=HEALTH, differs=MINE,
)  # fmt: skip
def application_in_a_folder_has_no_fallback(lab: Lab) -> None:
    """An application built for /health/ in a folder of the site: a location of its own falls back
    to its page (https://github.com/yonyouyc/blog/issues/64)."""
    _application_in_a_folder(lab, "")


@scenario(
    outside=None, server="nginx.target-not-found", target=HEALTH.rstrip("/"), differs=MINE,
)  # fmt: skip
def location_of_an_application_has_no_fallback(lab: Lab) -> None:
    """Its folder has a location already: the line is added there."""
    _application_in_a_folder(lab, "  location /health/ {\n    index index.html;\n  }\n")


@healthy(target=HEALTH)
def application_in_a_folder_falls_back(lab: Lab) -> None:
    tried = "    try_files $uri $uri/ /health/index.html;\n"
    _application_in_a_folder(lab, f"  location /health/ {{\n{tried}  }}\n")
