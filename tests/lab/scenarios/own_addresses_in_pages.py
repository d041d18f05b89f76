"""The application's own address is a setting, and nobody changed it: forms, files and links of its
pages lead to localhost, to its own port, or to the name of its container.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

SETTING = "the application's own address is a setting"
LOGIN = f"https://{site.NAME}/user/login"
#: Git: a form for the login, and the address to clone from. WordPress: files and links.
PAGES = {
    "git": (
        "<!doctype html><title>Git</title><link rel=stylesheet href=/index.css>"
        "<a href='OWN/'>Home</a><form method=post action='OWN/user/login'><input name=user_name>"
        "<input type=password name=password></form><input value='OWN/a/b.git' readonly>"
        "<p>A self-hosted service for your code, and a login.</p>"
    ),
    "blog": (
        "<!doctype html><title>Tea</title><link rel=stylesheet href='OWN/wp-content/a.css'>"
        "<script src='OWN/wp-includes/a.js'></script><a href='OWN/about/'>About</a>"
        "<p>Forty kinds of tea, and the pots for them.</p>"
    ),
    "docs": (
        "<!doctype html><title>Guide</title><link rel=stylesheet href=/index.css>"
        "<link rel=canonical href='http://shop.example.com/guide'>"
        "<p>Start it, then open <a href='http://localhost:3000/'>http://localhost:3000/</a>.</p>"
        "<!-- <form method=post action='http://localhost:3000/login'></form> -->"
        "<p>More at <a href='http://docs.example.org:8080/'>the other site</a>.</p>"
        "<img src='https://cdn.example.net/tea.png'>"
    ),
}
APPLICATION = """
import http.server, sys

class Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        kind = "text/css" if path.endswith("css") else "text/javascript"
        kind = kind if path.endswith(("css", "js")) else "text/html"
        body = sys.argv[1].encode() if kind == "text/html" else b"p{}" if "css" in kind else b"1;"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3023), Application).serve_forever()
"""
FIELDS = "    proxy_set_header Host $host;\n    proxy_set_header X-Forwarded-Proto $scheme;\n"


def _serve(lab: Lab, page: str, own: str = f"https://{site.NAME}") -> None:
    text = PAGES[page].replace("OWN", own)
    lab.spawn(lab.server, lab.server.python("-c", APPLICATION, text), 3023)
    passed = "    proxy_pass http://127.0.0.1:3023;\n"
    lab.change(PAGE, f"  location / {{\n{passed}{FIELDS}  }}\n\n")


@scenario(outside="http.localhost-in-page", target=LOGIN, manual=SETTING)
def form_of_the_login_leads_to_localhost(lab: Lab) -> None:
    """https://github.com/go-gitea/gitea/issues/18757"""
    _serve(lab, "git", "http://localhost:3000")


@scenario(outside="http.form-over-http", target=LOGIN, manual=SETTING)
def form_of_the_login_leads_to_the_applications_port(lab: Lab) -> None:
    """https://github.com/go-gitea/gitea/issues/18628: ROOT_URL with HTTP_PORT."""
    _serve(lab, "git", f"http://{site.NAME}:3000")


@scenario(
    outside="http.form-over-http", target=LOGIN, manual=SETTING,
    args=(f"the clone url is http://{site.NAME}:3000/a/b.git instead of https",),
)  # fmt: skip
def message_names_the_address_to_clone_from(lab: Lab) -> None:
    """https://github.com/go-gitea/gitea/issues/8844: port 3000 is closed on purpose."""
    _serve(lab, "git", f"http://{site.NAME}:3000")


@scenario(outside="http.internal-name-in-page", target=LOGIN, manual=SETTING)
def form_of_the_login_leads_to_a_container(lab: Lab) -> None:
    """https://github.com/go-gitea/gitea/issues/16516, with the name of the container."""
    _serve(lab, "git", "http://gitea:3000")


@scenario(outside="http.mixed-content", manual=SETTING)
def files_of_the_blog_lie_at_the_port_of_its_container(lab: Lab) -> None:
    """https://github.com/docker-library/wordpress/issues/297: the address of the installation."""
    _serve(lab, "blog", f"http://{site.NAME}:8080")


@scenario(outside="http.localhost-in-page", manual=SETTING)
def files_of_the_blog_lie_at_localhost(lab: Lab) -> None:
    _serve(lab, "blog", "http://localhost:8080")


@healthy(target=LOGIN)
def form_of_the_login_leads_to_the_site(lab: Lab) -> None:
    _serve(lab, "git")


@healthy()
def files_of_the_blog_lie_at_the_site(lab: Lab) -> None:
    _serve(lab, "blog")


@healthy()
def guide_names_localhost_and_other_sites(lab: Lab) -> None:
    """Documentation, a comment, a canonical link that is redirected, another site, a CDN."""
    _serve(lab, "docs")
