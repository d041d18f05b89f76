"""Jenkins names the field of its forms' token ".crumb", and nginx drops it
(https://github.com/Stouts/Stouts.jenkins/pull/13)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .chinese_threads import MINE, PAGES
from .taken_paths import ANOTHER_BLOCK

REFUSED = "Error 403 No valid crumb was included in the request"
JENKINS = """
import http.server

class Jenkins(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'<title>Dashboard [Jenkins]</title><script>crumb.init("NAME", "4e1f");</script>Jobs'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("X-Jenkins", "1.586")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3001), Jenkins).serve_forever()
"""


def _jenkins(lab: Lab, name: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", JENKINS.replace("NAME", name)), 3001)
    fields = (
        "    proxy_set_header Host $http_host;\n    proxy_set_header X-Forwarded-Proto https;\n"
    )
    passed = f"  location /jobs {{\n    proxy_pass http://127.0.0.1:3001;\n{fields}  }}\n\n"
    lab.change(PAGES, passed + PAGES)


@scenario(
    outside=None, server="upstream.header-name-dropped", target=f"https://{site.NAME}/jobs",
    args=(REFUSED,), differs=MINE, not_on=ANOTHER_BLOCK,
)  # fmt: skip
def token_of_jenkins_has_a_dot(lab: Lab) -> None:
    _jenkins(lab, ".crumb")


@healthy(target=f"https://{site.NAME}/jobs", args=(REFUSED,), not_on=ANOTHER_BLOCK)
def token_of_jenkins_has_a_usual_name(lab: Lab) -> None:
    _jenkins(lab, "Jenkins-Crumb")
