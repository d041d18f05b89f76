"""Programs of Node whose session cookie is for https alone, behind nginx (recorded answers of
express-session 1.18, cookie-session 2.1 and Fastify 5: without the trust in the proxy they leave
the cookie out and write nothing)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

CHECK = "upstream.framework-setting"
FOLDER = "/srv/members"
SOURCE = f"{FOLDER}/app.js"
LOGIN = f"https://{site.NAME}/login"
WORDS = "the session cookie is not set behind nginx, req.session is empty after the login"
SESSION = """\
const express = require('express');
const session = require('express-session');
const nodemailer = require('nodemailer');

const app = express();
app.use(session({
  secret: process.env.SESSION_SECRET,
  resave: false,
  cookie: {
    httpOnly: true,
    secure: SECURE,
  },
}));
const mail = nodemailer.createTransport({ host: 'mail', secure: true });
app.listen(3100);
"""
PROGRAM = """\
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SOURCE = open("app.js").read()
SECURE = re.search(r"cookie: \\{[^}]*secure: (?:true|process)", SOURCE) is not None
TRUSTS = re.search(r"trust proxy|trustProxy|proxy: true", SOURCE) is not None

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        told = TRUSTS and self.headers.get("X-Forwarded-Proto") == "https"
        body = (
            b'<!doctype html><title>Members</title><form method="post" action="/login">'
            b'<input name="user"><input type="password" name="password"></form>'
        )
        self.send_response(200)
        self.send_header("X-Powered-By", "Express")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if told or not SECURE:
            name = "connect.sid=s%3Aa; Path=/; HttpOnly"
            self.send_header("Set-Cookie", name + "; Secure" * SECURE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


SCHEME = "    proxy_set_header X-Forwarded-Proto $scheme;\n"


def members(lab: Lab, source: str, environment: str = "production", scheme: str = SCHEME) -> None:
    server = lab.server
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER}"))
    server.write(SOURCE, source)
    server.write(f"{FOLDER}/members.py", PROGRAM)
    start = f"cd {FOLDER} && NODE_ENV={environment} exec python3 members.py 3100"
    lab.spawn(server, ("sh", "-c", start), 3100)
    block = (
        "  location /login {\n    proxy_pass http://127.0.0.1:3100;\n"
        f"    proxy_set_header Host $host;\n{scheme}  }}\n"
    )
    lab.change("  location / {\n    proxy_pass", f"{block}  location / {{\n    proxy_pass")


TRUSTING = SESSION.replace(
    "const app = express();", "const app = express();\napp.set('trust proxy', 1);"
)


@scenario(target=LOGIN, outside=None, server=CHECK, differs=("processes",))
def session_cookie_is_for_https_alone(lab: Lab) -> None:
    members(lab, SESSION.replace("SECURE", "true"))


@scenario(target=LOGIN, args=(WORDS,), outside=None, server=CHECK, differs=("processes",))
def session_cookie_is_for_https_in_production(lab: Lab) -> None:
    members(lab, SESSION.replace("SECURE", "process.env.NODE_ENV === 'production'"))


@scenario(
    target=LOGIN, args=(WORDS,), outside=None, server="upstream.scheme-not-passed",
    differs=(site.CONF,),
)  # fmt: skip
def session_cookie_of_a_program_that_is_told_nothing(lab: Lab) -> None:
    """https://github.com/balderdashy/sails/issues/6867: it would believe nginx, which does not tell
    the scheme."""
    members(lab, TRUSTING.replace("SECURE", "true"), scheme="")


@healthy(target=LOGIN)
def session_cookie_for_http_of_a_program_that_is_told_nothing(lab: Lab) -> None:
    members(lab, SESSION.replace("SECURE", "false"), scheme="")


@healthy(target=LOGIN)
def session_cookie_of_a_program_that_trusts_its_proxy(lab: Lab) -> None:
    members(lab, TRUSTING.replace("SECURE", "true"))


@healthy(target=LOGIN)
def session_cookie_for_http_too(lab: Lab) -> None:
    members(lab, SESSION.replace("SECURE", "false"))
