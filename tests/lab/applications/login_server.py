"""A site that is the login of other programs, and one that uses a login elsewhere: by hand.

    python login_server.py 3001

/oauth/authorize leads back to the address in redirect_uri. / is a page with a link to
/auth/google, which leads to Google, and names the address to which the login has to lead back as
X-Forwarded-Proto and Host say it. /web/login has that link itself, and believes
X-Forwarded-Proto only beside X-Forwarded-Host, as Odoo does. /desk begins a session.
"""

import http.server
import secrets
import sys
from urllib.parse import parse_qs, quote, urlsplit

GOOGLE = "https://accounts.google.com/o/oauth2/v2/auth?client_id=1&response_type=code&redirect_uri="


class Login(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = parse_qs(url.query).get("redirect_uri", [""])[0]
        scheme = self.headers.get("X-Forwarded-Proto", "http")
        host = self.headers.get("Host", "")
        if url.path == "/oauth/authorize":
            self._redirect(f"{asked}?code=1")
        elif url.path == "/auth/google":
            self._redirect(GOOGLE + quote(f"{scheme}://{host}/auth/google/callback", ""))
        elif url.path == "/web/login":
            scheme = scheme if self.headers.get("X-Forwarded-Host") else "http"
            link = GOOGLE + quote(f"{scheme}://{host}/auth_oauth/signin", "")
            self._page(f'<a href="{link.replace("&", "&amp;")}">Log in with Google</a>')
        elif url.path == "/desk":
            self._page("Welcome.", f"session={secrets.token_hex(16)}; Path=/; HttpOnly")
        else:
            self._page('<a href="/auth/google">Sign in with Google</a>')

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _page(self, text: str, cookie: str = "") -> None:
        body = f"<!doctype html><title>Shop</title><h1>Sign in</h1><p>{text}</p>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    address = ("127.0.0.1", int(sys.argv[1]))
    http.server.ThreadingHTTPServer(address, Login).serve_forever()
