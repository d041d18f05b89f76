"""An application names a wrong type for its scripts, and nginx passes it on.

https://github.com/alpha03123/vsummary/issues/12 (Python's list of types has .js as text/plain).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PROGRAM = """\
import http.server, sys
PAGE = b'<!doctype html><title>Films</title><script type=module src=/assets/index.js></script>'
class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_page = self.path == '/'
        body = PAGE + b'<p>It works, and has words.</p>' if is_page else b'const a = 1;\\n'
        self.send_response(200)
        self.send_header('Content-Type', 'text/html' if is_page else sys.argv[1])
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(('127.0.0.1', 3100), Site).serve_forever()
"""
LINES = "    proxy_pass http://127.0.0.1:3100;\n    proxy_set_header Host $host;\n"


def _typed(lab: Lab, kind: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", PROGRAM, kind), 3100)
    text = lab.server.read(site.CONF)
    start = text.index("  location / {")
    stop = text.index("  }\n", start)
    lab.change(text[start:stop], f"  location / {{\n{LINES}")


@scenario(outside="http.page-file-type", differs=(site.CONF,))
def application_sends_its_script_as_plain_text(lab: Lab) -> None:
    _typed(lab, "text/plain; charset=utf-8")


@healthy()
def application_sends_its_script_with_its_type(lab: Lab) -> None:
    _typed(lab, "text/javascript")
