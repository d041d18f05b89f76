"""What a program has to set itself: the versions of TLS where no web server ends TLS, and the
Secure of its cookies. After https://runebook.dev/ru/docs/spring_boot/application-properties/application-properties.server.server.ssl.protocol
and https://github.com/amfoss/club-website-2018/issues/302."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

OTHER = "what serves the page has no WebSocket, for which the laboratory asks after a cure"
PROPERTIES = "/srv/shop/application.properties"
SETTINGS = "/srv/shop/shop/settings.py"
#: Reads its settings when it starts, as Spring Boot does.
SPRING = f"""
import http.server, ssl, warnings

warnings.simplefilter("ignore")
lines = (line.partition("=") for line in open("application.properties").read().split())
settings = {{name: value for name, _, value in lines}}
names = settings["server.ssl.enabled-protocols"].split(",")
versions = [getattr(ssl.TLSVersion, name.replace(".", "_")) for name in names]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain({site.PEM!r}, {site.KEY!r})
context.set_ciphers("ALL:@SECLEVEL=0")
context.minimum_version, context.maximum_version = min(versions), max(versions)

class Till(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<!doctype html><title>Till</title><p>Welcome to the till.</p>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

class Tls(http.server.ThreadingHTTPServer):
    def finish_request(self, request, address):
        request = context.wrap_socket(request, server_side=True)
        super().finish_request(request, address)
        request.close()
    def handle_error(self, request, address):
        pass

Tls(("0.0.0.0", 443), Till).serve_forever()
"""
DJANGO = """
import http.server

secure = "CSRF_COOKIE_SECURE = True" in open("shop/settings.py").read()

class Login(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<!doctype html><title>Log in</title><form method=post><input name=user></form>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Set-Cookie", "csrftoken=t0k3n; Path=/" + ("; Secure" if secure else ""))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3001), Login).serve_forever()
"""


def _program(lab: Lab, code: str, files: dict[str, str], port: int) -> None:
    """A program that somebody started in its folder."""
    server = lab.server
    for path, text in {**files, "/srv/shop/program.py": code}.items():
        server.write(path, text)
    lab.undo(lambda: server.sh("rm -rf /srv/shop"))
    start = " ".join(server.python("program.py"))
    lab.spawn(server, ("sh", "-c", f"cd /srv/shop && exec {start}"), port)


def _spring(lab: Lab, versions: str) -> None:
    """nginx has port 80 alone, and the program 443."""
    lab.server.write(site.CONF, site.HTTP)
    lab.restart_nginx()
    text = f"server.port=443\nserver.ssl.enabled-protocols={versions}\n"
    _program(lab, SPRING, {PROPERTIES: text}, 443)


@scenario(outside="tls.no-shared-protocol", manual=OTHER)
def spring_speaks_old_versions_alone(lab: Lab) -> None:
    _spring(lab, "TLSv1,TLSv1.1")


@healthy()
def spring_speaks_the_current_versions(lab: Lab) -> None:
    _spring(lab, "TLSv1.2,TLSv1.3")


def _django(lab: Lab, secure: bool) -> None:
    """The site has no certificate."""
    block = f"server {{\n  listen 80;\n  server_name {site.NAME};\n"
    block += "  location / {\n    proxy_pass http://127.0.0.1:3001;\n"
    block += "    proxy_set_header Host $host;\n  }\n}\n"
    lab.server.write(site.CONF, block)
    lab.restart_nginx()
    text = f"ROOT_URLCONF = 'shop.urls'\nCSRF_COOKIE_SECURE = {secure}\n"
    _program(lab, DJANGO, {SETTINGS: text}, 3001)


@scenario(outside="http.cookie-refused", manual=OTHER, target=f"http://{site.NAME}/")
def django_sets_a_secure_cookie_without_https(lab: Lab) -> None:
    _django(lab, True)


@healthy(target=f"http://{site.NAME}/")
def django_sets_its_cookie_over_http(lab: Lab) -> None:
    _django(lab, False)
