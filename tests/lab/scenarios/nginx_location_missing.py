"""A path of the application has no location: Socket.IO beside an API, or files that the application
makes. After https://stackoverflow.com/q/29043879 ("socket.io 404 behind nginx") and questions about
uploads that "return 404 in production"."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

MINE = (site.CONF,)
#: Node with Socket.IO, an API and a folder of pictures; nothing else.
NODE = """
import http.server, sys

class Node(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        kinds = {"/socket.io/": "text/plain", "/socket.io/socket.io.js": "text/javascript",
                 "/media/tea.js": "text/javascript", "/uploads/cup.js": "text/javascript",
                 "/api/tea": "application/json"}
        known = path in kinds or sys.argv[1:] == ["all"]
        body = b'0{"sid":"a"}' if known else b"Cannot GET"
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", kinds.get(path, "text/plain"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3009), Node).serve_forever()
"""
API = "  location /api/ { proxy_pass http://127.0.0.1:3009/api/; }\n"
CHAT = "<!doctype html><title>Chat</title><p>Tea, and people who like it.</p>\n"
CLIENT = '<script src="/app.js"></script>\n'
APP = 'import { io } from "socket.io-client"; io({ path: "/socket.io/" });\n'


def _chat(lab: Lab, tags: str, lines: str = "", *options: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", NODE, *options), 3009)
    lab.server.write("/srv/chat/index.html", CHAT + tags)
    lab.server.write("/srv/chat/app.js", APP)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/chat"))
    files = "    root /srv/chat;\n    try_files $uri $uri/ /index.html;\n"
    lab.change(PAGE, f"{lines}{API}  location / {{\n{files}  }}\n\n")


@scenario(outside=None, server="nginx.location-missing", differs=MINE)
def socket_io_has_no_location(lab: Lab) -> None:
    """/api/ is passed on, /socket.io/ is not."""
    _chat(lab, CLIENT)


@scenario(outside="http.page-file-type", server="nginx.location-missing", differs=MINE)
def script_of_socket_io_has_no_location(lab: Lab) -> None:
    """The page loads the client from the server, as Socket.IO's guide does."""
    _chat(lab, '<script src="/socket.io/socket.io.js"></script>\n')


@scenario(outside="http.page-file-type", server="nginx.location-missing", differs=MINE)
def media_of_the_application_has_no_location(lab: Lab) -> None:
    _chat(lab, '<script src="/media/tea.js"></script>\n')


FILES = '<script src="/media/tea.js"></script>\n<script src="/uploads/cup.js"></script>\n'


@scenario(outside="http.page-file-type", server="nginx.location-missing", differs=MINE)
def two_folders_of_the_application_have_no_location(lab: Lab) -> None:
    """Issue 100 of KOHGYLW/kiftd: a location for one of them leaves half of the page broken."""
    _chat(lab, FILES)


def _refuses_media(lab: Lab, end: str) -> None:
    """nginx has a location for the files, and looks for them on the server alone."""
    own = "root /srv/chat;\n    try_files $uri"
    lines = f"  location ^~ /media/ {{\n    {own} {end};\n  }}\n"
    lines += "  location @node {\n    proxy_pass http://127.0.0.1:3009;\n  }\n"
    _chat(lab, '<script src="/media/tea.js"></script>\n', lines)


@scenario(outside="http.page-file-missing", server="nginx.location-missing", differs=MINE)
def location_of_the_files_refuses_what_the_program_has(lab: Lab) -> None:
    """https://github.com/mastodon/documentation/issues/1035: the files are in the container."""
    _refuses_media(lab, "=404")


@healthy()
def location_of_the_files_ends_in_the_program(lab: Lab) -> None:
    _refuses_media(lab, "@node")


@healthy()
def two_folders_of_the_application_have_locations(lab: Lab) -> None:
    places = ("/media/", "/uploads/")
    lines = "".join(f"  location {p} {{ proxy_pass http://127.0.0.1:3009; }}\n" for p in places)
    _chat(lab, FILES, lines)


@healthy()
def socket_io_has_its_location(lab: Lab) -> None:
    lines = "  location /socket.io/ {\n    proxy_pass http://127.0.0.1:3009;\n"
    lines += "    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n"
    _chat(lab, CLIENT, f'{lines}    proxy_set_header Connection "upgrade";\n  }}\n')


@healthy()
def application_answers_every_path(lab: Lab) -> None:
    """Whether it is the one for the page's connection is not known."""
    _chat(lab, CLIENT, "", "all")
