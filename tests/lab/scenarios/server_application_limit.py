"""An application has its own limit for the size of a request, and no web server is in front of it,
or one with a wider limit."""

from .. import caddy, site
from ..containers import Engine
from ..lab import Lab
from ..scenario import healthy, scenario
from ..web_servers import keep_only
from .caddy import caddy_scenario, healthy_caddy
from .page_assets import PAGE

MESSAGE = "413 Request Entity Too Large when Maven uploads the jar"
LIMIT = "the limit is the application's own"
#: Fiber's logger and its limit; the argument is the port.
APPLICATION = """
import http.server, sys

class Application(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(size)
        status = 413 if size > 2000 else 200
        line = f"12:00:01 | {status} | 0s | 172.17.0.1 | {self.command} | {self.path} | -"
        print(line, flush=True)
        body = b"<!doctype html><title>Maven</title><h1>A repository of jars for the team</h1>"
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = answer
    log_message = lambda *_: None

http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Application).serve_forever()
"""
ALONE = f"http://{site.NAME}:8080/app.jar"


def _alone(lab: Lab) -> None:
    lab.stop_nginx()
    keep_only(lab)
    engine = Engine(lab)
    argv = engine.server.python("-c", APPLICATION, "8080")
    address = engine.run("gomvn", argv, ((8080, 8080),), image="gomvn/gomvn:latest")
    engine.reaches(address, 8080)


def _put(lab: Lab, url: str, size: int) -> None:
    argv = ["curl", "-sk", "-m", "5", "-o", "/dev/null", "-X", "PUT", "-H", "Expect:"]
    lab.client.run([*argv, "-d", "x" * size, url])


@scenario(
    outside=None, server="server.application-limit", target=ALONE, args=(MESSAGE,), manual=LIMIT
)
def application_in_a_container_has_a_limit(lab: Lab) -> None:
    """https://github.com/gomvn/gomvn/issues/2: Go's Fiber takes 4 MB, and has port 8080 itself."""
    _alone(lab)
    _put(lab, ALONE, 3000)


@healthy(target=ALONE, args=(MESSAGE,))
def application_in_a_container_takes_the_upload(lab: Lab) -> None:
    _alone(lab)
    _put(lab, ALONE, 300)


@healthy(target=ALONE, args=(MESSAGE,))
def application_in_a_container_takes_the_upload_by_now(lab: Lab) -> None:
    """The upload was made smaller, and its log has both."""
    _alone(lab)
    _put(lab, ALONE, 3000)
    _put(lab, ALONE, 300)


@scenario(
    outside=None,
    server="server.application-limit",
    target=f"https://{site.NAME}/app.jar",
    args=(MESSAGE,),
    manual=LIMIT,
)
def application_behind_nginx_has_a_limit(lab: Lab) -> None:
    """nginx lets the upload through, and its own limit is not the reason."""
    engine = Engine(lab)
    argv = engine.server.python("-c", APPLICATION, "8080")
    address = engine.run("gomvn", argv, ((8080, 8080),), image="gomvn/gomvn:latest")
    engine.reaches(address, 8080)
    passed = "    proxy_pass http://127.0.0.1:8080;\n"
    lab.change(PAGE, f"  location / {{\n{passed}  }}\n\n")
    _put(lab, f"https://{site.NAME}/app.jar", 3000)


#: SvelteKit answers 500 to what is larger than its limit, and writes why.
SVELTEKIT = APPLICATION.replace("413 if", "500 if").replace(
    '        line = f"12:00:01 | {status} | 0s | 172.17.0.1 | {self.command} | {self.path} | -"\n',
    '        line = f"SvelteKitError: Content-length of {size} exceeds limit of 2000 bytes."\n'
    '        line = line if status == 500 else "ready"\n',
)
RESTORE = f"https://{site.NAME}/backup-restore"
FAILED = 'The restore function generates an "Error 500 - Internal error" message'


def _behind_caddy(lab: Lab) -> None:
    engine = Engine(lab)
    argv = engine.server.python("-c", SVELTEKIT, "8080")
    address = engine.run("ciso", argv, ((8080, 8080),), image="ciso/frontend:latest")
    engine.reaches(address, 8080)
    caddy.serve(lab, caddy.SHOP.replace("127.0.0.1:3000", "127.0.0.1:8080"))


@caddy_scenario(
    outside=None, server="server.application-limit", target=RESTORE, args=(FAILED,), manual=LIMIT
)
def application_behind_caddy_answers_500_to_a_large_request(lab: Lab) -> None:
    """https://github.com/intuitem/ciso-assistant-community/issues/801: Caddy writes no log of
    requests by itself."""
    _behind_caddy(lab)
    _put(lab, RESTORE, 3000)


@healthy_caddy(target=RESTORE, args=(FAILED,))
def application_behind_caddy_takes_a_request(lab: Lab) -> None:
    _behind_caddy(lab)
    _put(lab, RESTORE, 300)
