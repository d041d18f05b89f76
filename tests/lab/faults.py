"""Faults that nobody has thought of: random changes of a server's files, the same for the same
number. nginx's are here, those of other servers in `server_faults.py`.

    python -m tests.lab.faults 17        the fault of this number, as a diff

A fault is one change: a directive that is deleted, doubled or moved, a word that becomes another, a
character that is lost, a directive that does not belong where it is put. Most break the site, and
some change nothing that a visitor meets: what a visitor gets decides (`tests/lab/look.py`).
"""

import difflib
import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from . import site

MAIN = "/etc/nginx/nginx.conf"

#: Directives that are put into a server block or a location.
INSERTED = """
deny all;
allow 10.0.0.0/8; deny all;
return 403;
return 444;
return 500;
return 503;
return 204;
return 301 https://$host/;
return 302 /login;
rewrite ^ /x last;
rewrite ^/(.*)$ /app/$1 break;
internal;
auth_request /auth;
root /var/www/none;
try_files $uri $uri/ =404;
try_files $uri /index.html;
limit_except POST { deny all; }
if ($scheme = https) { return 301 http://$host$request_uri; }
if ($host != "www.shop.example.com") { return 301 https://www.shop.example.com$request_uri; }
if ($request_method !~ ^(POST)$) { return 405; }
if ($http_x_forwarded_proto != https) { return 301 https://$host$request_uri; }
valid_referers none; if ($invalid_referer) { return 403; }
set $backend nowhere.example; proxy_pass http://$backend:3000;
proxy_pass https://127.0.0.1:3000;
proxy_pass http://backend;
proxy_pass http://127.0.0.1:3000/app;
proxy_bind 203.0.113.99;
proxy_http_version 1.0;
proxy_method POST;
proxy_pass_request_headers off;
proxy_set_header Host "";
proxy_set_header Host $proxy_host;
proxy_set_header Upgrade "";
proxy_set_header Connection close;
proxy_buffer_size 64;
proxy_hide_header Sec-WebSocket-Accept;
proxy_intercept_errors on;
proxy_set_body x;
proxy_cache x;
fastcgi_pass 127.0.0.1:3000;
grpc_pass grpc://127.0.0.1:3000;
memcached_pass 127.0.0.1:3000;
add_header Transfer-Encoding chunked;
add_header Content-Length 0;
add_header Content-Encoding gzip;
types { }
sub_filter a b;
empty_gif;
stub_status;
access_log /nonexistent/x.log;
error_log /nonexistent/x.log;
client_header_buffer_size 16; large_client_header_buffers 1 32;
client_max_body_size 1;
keepalive_timeout 0;
http2 on;
chunked_transfer_encoding off;
brotli on;
include snippets/none.conf;
listen 203.0.113.10:443 ssl;
listen 127.0.0.1:443 ssl;
listen 443 ssl proxy_protocol;
listen 443 ssl default_server;
server_name _;
ssl_ciphers AES128;
ssl_ciphers NONE;
ssl_protocols TLSv1;
ssl_protocols TLSv1.3;
ssl_verify_client on; ssl_client_certificate /etc/nginx/ssl/shop.example.com.pem;
ssl_ecdh_curve secp521r1;
ssl_reject_handshake on;
ssl_dhparam /etc/nginx/dh.pem;
ssl_certificate /etc/nginx/ssl/other.pem;
ssl_conf_command Options Nonsense;
ssl_password_file /etc/nginx/passwords;
""".strip().splitlines()

#: Directives and blocks that are put into http.
HTTP = """
deny all;
deny 198.51.100.0/24;
server_names_hash_bucket_size 8;
variables_hash_max_size 8;
client_body_temp_path /nonexistent/a/b;
limit_req_zone $binary_remote_addr zone=z:10m rate=1r/m; limit_req zone=z;
limit_conn_zone $binary_remote_addr zone=c:10m; limit_conn c 1;
proxy_buffer_size 16;
large_client_header_buffers 1 16;
default_type none;
ssl_protocols SSLv3;
ssl_ciphers HIGH:!aNULL:!ECDHE:!DHE:!kRSA;
upstream backend { server 127.0.0.1:3001; }
server { listen 443 ssl default_server; server_name _; ssl_reject_handshake on; }
server { listen 443 ssl; server_name shop.example.com; return 503; }
server { listen 203.0.113.10:443; server_name other; return 200 x; }
server { listen 203.0.113.10:443 ssl; server_name other; ssl_reject_handshake on; }
""".strip().splitlines()

#: Directives that are put before all others.
OUTERMOST = """
worker_processes 0;
worker_rlimit_nofile 4;
user nosuchuser;
load_module modules/ngx_none.so;
pid /nonexistent/nginx.pid;
master_process off;
""".strip().splitlines()

#: A text of the site's file, and what it becomes.
REPLACED = (
    ("443", "8443"), ("443 ssl", "443"), ("3000", "3001"), ("3000", "443"), ("3000", "80"),
    ("127.0.0.1", "localhost"), ("127.0.0.1", "203.0.113.10"), ("127.0.0.1", "127.0.0.2"),
    ("127.0.0.1", "10.9.9.9"), ("127.0.0.1", "[::1]"), ("http://", "https://"),
    ("shop.example.com", "shop.exmaple.com"), ("shop.example.com", "www.shop.example.com"),
    ("shop.example.com", "other.example.org"), (".pem", ".crt"), (".key", ".pem"),
    ("/etc/nginx/ssl/", "/etc/ssl/"), ("$http_host", "localhost"), ("$http_host", '""'),
    ("$http_upgrade", '""'), ("$connection_upgrade", "close"), ("1.1", "1.0"), ("5m", "5x"),
    ("/ws", "= /wss"), ("location /", "location ~ /$"), ("location / ", "location = /index "),
    ("TLSv1.2 TLSv1.3", "TLSv1.1"), ("TLSv1.2 TLSv1.3", "TLSv1.2,TLSv1.3"),
    ("listen 443 ssl;", "listen 127.0.0.1:443 ssl;"), ("listen 443 ssl;", "listen [::]:443 ssl;"),
    ("listen 443 ssl;", "listen 10.0.0.9:443 ssl;"), ("listen 80;", "listen 80 ssl;"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What is changed: in the site's file, or before and in nginx's own."""

    name: str
    text: str
    outermost: str = ""
    http: str = ""

    def main(self, text: str) -> str:
        """nginx's own file with the change."""
        return self.outermost + text.replace("http {\n", f"http {{\n{self.http}", 1)


@dataclass(frozen=True, slots=True)
class Words:
    """What may be put into a server's file after a line that matches `head`, and what a text of it
    becomes."""

    head: re.Pattern[str]
    inserted: Sequence[str]
    replaced: Sequence[tuple[str, str]]


NGINX = Words(re.compile(r"^(?!.*map).*\{$"), INSERTED, REPLACED)


def fault(number: int) -> Fault:
    chosen = random.Random(number)
    text = site.configuration()
    # Two of twelve are in nginx's own file.
    return _in_main(chosen, text) if chosen.random() < 1 / 6 else changed(chosen, text, NGINX)


def changed(chosen: random.Random, text: str, words: Words) -> Fault:
    """Change one thing of the site's file."""
    kinds: list[Callable[[random.Random, str], Fault]] = [
        *3 * [partial(_inserted, words)], *2 * [partial(_replaced, words)],
        _deleted, _doubled, _moved, _shortened,
    ]  # fmt: skip
    return chosen.choice(kinds)(chosen, text)


def _lines(text: str) -> tuple[list[str], list[int]]:
    """The lines, and the numbers of those that hold something."""
    lines = text.split("\n")
    return lines, [number for number, line in enumerate(lines) if line.strip()]


def _inserted(words: Words, chosen: random.Random, text: str) -> Fault:
    lines, _ = _lines(text)
    heads = [n for n, line in enumerate(lines) if words.head.search(line)]
    directive, at = chosen.choice(words.inserted), chosen.choice(heads)
    name = f"{directive} in {lines[at].strip()} (line {at + 1})"
    return Fault(name, "\n".join([*lines[: at + 1], f"    {directive}", *lines[at + 1 :]]))


def _replaced(words: Words, chosen: random.Random, text: str) -> Fault:
    old, new = chosen.choice([pair for pair in words.replaced if pair[0] in text])
    at = chosen.choice([match.start() for match in re.finditer(re.escape(old), text)])
    line = text.count("\n", 0, at) + 1
    return Fault(f"{old} -> {new} in line {line}", text[:at] + new + text[at + len(old) :])


def _in_main(chosen: random.Random, text: str) -> Fault:
    directive = chosen.choice([*HTTP, *OUTERMOST])
    if directive in OUTERMOST:
        return Fault(directive, text, outermost=f"{directive}\n")
    return Fault(f"{directive} in http", text, http=f"{directive}\n")


def _deleted(chosen: random.Random, text: str) -> Fault:
    lines, filled = _lines(text)
    line = lines.pop(at := chosen.choice(filled))
    return Fault(f"line {at + 1} deleted: {line.strip()}", "\n".join(lines))


def _doubled(chosen: random.Random, text: str) -> Fault:
    lines, filled = _lines(text)
    lines.insert(at := chosen.choice(filled), lines[at])
    return Fault(f"line {at + 1} doubled: {lines[at].strip()}", "\n".join(lines))


def _moved(chosen: random.Random, text: str) -> Fault:
    lines, filled = _lines(text)
    line = lines.pop(chosen.choice(filled))
    lines.insert(at := chosen.randrange(len(lines)), line)
    return Fault(f"{line.strip()} moved to line {at + 1}", "\n".join(lines))


def _shortened(chosen: random.Random, text: str) -> Fault:
    at = chosen.choice([n for n, character in enumerate(text) if not character.isspace()])
    line = text.count("\n", 0, at) + 1
    return Fault(f"{text[at]} lost in line {line}", text[:at] + text[at + 1 :])


if __name__ == "__main__":
    made = fault(int(sys.argv[1]))
    print(made.name, made.outermost + made.http)
    before, after = site.configuration().split("\n"), made.text.split("\n")
    print("\n".join(difflib.unified_diff(before, after, lineterm="", n=1)))
