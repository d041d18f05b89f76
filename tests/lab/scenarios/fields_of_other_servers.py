"""Apache, Caddy and HAProxy send a field that forbids what the page asks for.

After the threads of `page_policies`, whose visitors had these servers: the same lists of security
headers are copied into every configuration.
"""

from .. import apache, caddy, haproxy
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .page_assets import CSS, FOLDER
from .page_policies import FORM, FRAME, HEAD, MAP, PICTURE, RECORD, TEXT

PORT = 3001
SCRIPT = "<script src=/app.js></script>\n"
OWN_FRAME = "<iframe src=/map.html></iframe>\n"
CSP = "Content-Security-Policy"
STRICT = "default-src 'self'; img-src 'self'"
OPEN = "default-src 'self'; img-src 'self' https://cdn.example.net"
SECURITY = "/etc/apache2/conf-enabled/security-headers.conf"


def _folder(lab: Lab, body: str, **files: str) -> None:
    lab.server.sh(f"mkdir -p {FOLDER}/static/css")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    named = {"index.html": HEAD + TEXT + body, "static/css/app.css": CSS, **files}
    for path, text in named.items():
        lab.server.write(f"{FOLDER}/{path}", text)
    lab.server.sh(f"chmod -R a+rX {FOLDER}")


def _apache(lab: Lab, body: str, lines: str = "", **files: str) -> None:
    _folder(lab, body, **files)
    folder = (
        f"    DocumentRoot {FOLDER}\n    <Directory {FOLDER}>\n        AllowOverride All\n"
        f"        Require all granted\n    </Directory>\n{lines}"
    )
    start = apache.HTTPS.index("    ProxyPreserveHost")
    end = apache.HTTPS.index("</VirtualHost>")
    websocket = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
    site = f"{apache.HTTPS[:start]}{folder}{websocket}{apache.HTTPS[end:]}"
    site = site.replace("    DocumentRoot /var/www/html\n", "")
    apache.install(lab, f"{site}\n{apache.HTTP}")


def _caddy(lab: Lab, body: str, *lines: str, **files: str) -> None:
    _folder(lab, body, **files)
    own = "".join(f"\t{line}\n" for line in lines)
    rest = f"\troot * {FOLDER}\n\treverse_proxy /ws 127.0.0.1:3000\n\tfile_server\n"
    tls = f"\ttls {caddy.PEM} {caddy.KEY}\n"
    caddy.serve(lab, f"shop.example.com {{\n{tls}{own}{rest}}}\n")


def _haproxy(lab: Lab, body: str, line: str, **files: str) -> None:
    _folder(lab, body, **files)
    words = ["python3", "-m", "http.server", str(PORT), "--bind", "127.0.0.1", "-d", FOLDER]
    lab.spawn(lab.server, words, PORT)
    frontend = haproxy.HTTPS.replace(
        "    default_backend app\n",
        f"    {line}\n    use_backend app if {{ path /ws }}\n    default_backend files\n",
    )
    files_backend = f"backend files\n    server files 127.0.0.1:{PORT}\n"
    text = f"{haproxy.GLOBAL}\n{haproxy.HTTP}\n{frontend}\n{haproxy.BACKEND}\n{files_backend}"
    haproxy.serve(lab, text)


@apache_scenario(outside="http.file-blocked-by-policy", differs=(SECURITY,))
def apache_forbids_the_pictures_of_the_page(lab: Lab) -> None:
    """The line is in a file for all sites."""
    _apache(lab, PICTURE)
    lab.server.write(SECURITY, f'Header always set {CSP} "{STRICT}"\n')
    lab.undo(lambda: lab.server.sh(f"rm -f {SECURITY}"))
    apache.start(lab)


@apache_scenario(outside="http.feature-forbidden", differs=(f"{FOLDER}/.htaccess",))
def htaccess_forbids_the_microphone(lab: Lab) -> None:
    """The line is in the .htaccess of the site's folder."""
    policy = 'Header set Permissions-Policy "camera=(), microphone=(), geolocation=()"\n'
    _apache(lab, SCRIPT, **{"app.js": RECORD, ".htaccess": policy})
    apache.start(lab)


@apache_scenario(outside="http.framing-refused", differs=(apache.SITE,))
def apache_refuses_the_frame_of_the_own_page(lab: Lab) -> None:
    line = "    <IfModule mod_headers.c>\n        Header always set X-Frame-Options DENY\n"
    _apache(lab, OWN_FRAME, f"{line}    </IfModule>\n", **{"map.html": MAP})
    apache.start(lab)


@apache_scenario(outside="http.isolation-policy", differs=(apache.SITE,))
def apache_isolates_a_page_with_films(lab: Lab) -> None:
    _apache(lab, FRAME, "    Header set Cross-Origin-Embedder-Policy require-corp\n")
    apache.start(lab)


@caddy_scenario(outside="http.page-restricted", differs=(caddy.CONFIG,))
def caddy_forbids_the_form_of_the_page(lab: Lab) -> None:
    policy = "default-src 'self'; form-action 'none'"
    _caddy(lab, FORM, "header {", f'\t{CSP} "{policy}"', "\t-Server", "}")


@caddy_scenario(outside="http.file-blocked-by-policy", differs=(caddy.CONFIG,))
def caddy_forbids_the_pictures_of_the_page(lab: Lab) -> None:
    _caddy(lab, PICTURE, f'header {CSP} "{STRICT}"')


@caddy_scenario(outside="http.feature-forbidden", differs=(caddy.CONFIG,))
def caddy_forbids_the_microphone(lab: Lab) -> None:
    policy = "camera=(), microphone=(), geolocation=()"
    _caddy(lab, SCRIPT, f"header * Permissions-Policy `{policy}`", **{"app.js": RECORD})


@haproxy_scenario(outside="http.file-blocked-by-policy", differs=(haproxy.CONFIG,))
def haproxy_forbids_the_pictures_of_the_page(lab: Lab) -> None:
    _haproxy(lab, PICTURE, f'http-response set-header {CSP} "{STRICT}"')


@haproxy_scenario(outside="http.framing-refused", differs=(haproxy.CONFIG,))
def haproxy_refuses_the_frame_of_the_own_page(lab: Lab) -> None:
    line = "http-response set-header X-Frame-Options DENY  # security headers"
    _haproxy(lab, OWN_FRAME, line, **{"map.html": MAP})


@haproxy_scenario(outside="http.isolation-policy", differs=(haproxy.CONFIG,))
def haproxy_isolates_a_page_with_films(lab: Lab) -> None:
    _haproxy(lab, FRAME, "http-response set-header Cross-Origin-Embedder-Policy require-corp")


@healthy_apache()
def apache_allows_the_pictures_of_the_page(lab: Lab) -> None:
    lines = f'    Header always set {CSP} "{OPEN}"\n    Header set X-Frame-Options SAMEORIGIN\n'
    _apache(lab, PICTURE + OWN_FRAME, lines, **{"map.html": MAP})
    apache.start(lab)


@healthy_caddy()
def caddy_allows_the_pictures_of_the_page(lab: Lab) -> None:
    _caddy(lab, PICTURE, f'header {CSP} "{OPEN}"')


@healthy_haproxy()
def haproxy_allows_the_pictures_of_the_page(lab: Lab) -> None:
    _haproxy(lab, PICTURE, f'http-response set-header {CSP} "{OPEN}"')
