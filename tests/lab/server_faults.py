"""Faults that nobody has thought of, in the files of Apache, Caddy and HAProxy.

python -m tests.lab.server_faults apache 17        the fault of this number, as a diff
"""

import difflib
import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import apache, caddy, haproxy
from .faults import Fault, Words, changed
from .lab import Lab

APACHE = Words(
    re.compile(r"^<[^/]"),
    """
Require all denied
Require ip 10.0.0.0/8
Require valid-user
Redirect permanent / https://shop.example.com/
Redirect / /login
RedirectMatch 404 ^/$
RewriteEngine On
ProxyPass / !
ProxyPass / http://127.0.0.1:3001/
ProxyPass / https://127.0.0.1:3000/
ProxyPass / fcgi://127.0.0.1:3000/
ProxyPass / ajp://127.0.0.1:3000/
ProxyPass /ws !
ProxyPass /ws http://127.0.0.1:3000/ws
ProxyPass / balancer://shop/
ProxyRequests On
ProxyPreserveHost Off
ProxyTimeout 0
SSLEngine off
SSLEngine optional
SSLVerifyClient require
SSLProtocol -all +TLSv1
SSLProtocol all -TLSv1.3
SSLCipherSuite NONE
SSLCipherSuite AES128-SHA
SSLCertificateFile /etc/ssl/lab/other.pem
SSLCertificateChainFile /etc/ssl/lab/shop.key
SSLCACertificateFile /etc/ssl/lab/none.pem
SSLStrictSNIVHostCheck on
ServerName www.shop.example.com
ServerAlias *
DocumentRoot /var/www/none
LimitRequestFieldSize 10
LimitRequestLine 5
LimitRequestBody 1
Header always set Content-Length 0
Header always unset Upgrade
Header set Content-Encoding gzip
RequestHeader unset Upgrade
RequestHeader unset Host
RequestHeader set Host localhost
ErrorDocument 503 /sorry.html
ErrorLog /nonexistent/x.log
CustomLog /nonexistent/x.log combined
Include conf/none.conf
Protocols h2
Protocols h2 http/1.1
KeepAlive Off
Timeout 0
SetOutputFilter DEFLATE
SetHandler server-status
SetHandler cgi-script
<Location /> Require all denied </Location>
MaxRequestsPerChild
FallbackResource /index.html
Options None
Substitute s/a/b/
php_value x 1
""".strip().splitlines(),
    (
        ("*:443", "127.0.0.1:443"), ("*:443", "203.0.113.10:443"), ("*:443", "*:8443"),
        ("*:80", "*:443"), ("*:443", "_default_:443"), ("*:443", "10.0.0.9:443"), ("3000", "3001"),
        ("3000", "443"), ("http://", "https://"), ("ws://", "wss://"), ("ws://", "http://"),
        ("127.0.0.1", "localhost"), ("127.0.0.1", "10.9.9.9"), ("127.0.0.1", "[::1]"),
        ("shop.example.com", "shop.exmaple.com"), ("shop.example.com", "www.shop.example.com"),
        ("shop.example.com", "other.example.org"), (".pem", ".crt"), (".key", ".pem"),
        ("/etc/ssl/lab/", "/etc/ssl/"), ("Engine on", "Engine off"), ("/ws ", "/wss "),
        ("permanent / https", "permanent / http"), ("</VirtualHost>", "</Virtualhost"),
        ("3000/", "3000"), ("/ws\n", "/\n"), ("https\n", "http\n"),
        ("ProxyPass / ", "ProxyPass /x "),
    ),
)  # fmt: skip

CADDY = Words(
    re.compile(r"\{$"),
    """
respond 403
respond "hello" 200
respond /ws 404
abort
error 500
redir https://www.shop.example.com{uri}
redir / /login
redir https://shop.example.com{uri}
file_server
root * /var/www/none
rewrite * /index.html
rewrite * /app{uri}
uri strip_prefix /ws
reverse_proxy 127.0.0.1:3001
reverse_proxy /ws 127.0.0.1:3001
reverse_proxy https://127.0.0.1:3000
reverse_proxy h2c://127.0.0.1:3000
reverse_proxy nowhere.example:3000
reverse_proxy unix//run/none.sock
tls internal
tls /etc/ssl/lab/other.pem /etc/ssl/lab/other.key
tls admin@example.com
basic_auth { }
forward_auth 127.0.0.1:3001 { uri /auth }
header Content-Length 0
header -Upgrade
header Content-Encoding gzip
request_header -Upgrade
request_header Host localhost
request_body { max_size 1 }
encode gzip
bind 127.0.0.1
bind 10.0.0.9
import none
handle /ws { respond 404 }
handle_path /ws { reverse_proxy 127.0.0.1:3000 }
@post method POST
log { output file /nonexistent/a/x.log }
php_fastcgi 127.0.0.1:3000
http_port 8080
https_port 8443
auto_https off
auto_https disable_redirects
servers { protocols h2 }
""".strip().splitlines(),
    (
        ("3000", "3001"), ("3000", "443"), ("127.0.0.1", "localhost"), ("127.0.0.1", "10.9.9.9"),
        ("127.0.0.1", "[::1]"), ("shop.example.com", "http://shop.example.com"),
        ("shop.example.com", "www.shop.example.com"), ("shop.example.com", "shop.exmaple.com"),
        ("shop.example.com", "shop.example.com:8443"), ("shop.example.com", "*.example.com"),
        ("shop.example.com", ":443"), ("shop.example.com", ":80"), (".pem", ".crt"),
        (".key", ".pem"), ("0.0.0.0", "127.0.0.1"), ("reverse_proxy ", "reverse_proxy /app "),
        ("reverse_proxy ", "reverse_proxy /ws "), ("reverse_proxy ", "reverse_proxy https://"),
    ),
)  # fmt: skip

HAPROXY = Words(
    re.compile(r"^\w"),
    """
http-request deny
http-request deny if { path_beg /ws }
http-request deny deny_status 503
http-request reject
http-request redirect scheme https code 301
http-request redirect location /login
http-request redirect prefix https://www.shop.example.com
http-request return status 200
http-request set-header Host localhost
http-request del-header Upgrade
http-request set-path /app%[path]
http-response del-header Upgrade
http-response set-header Content-Encoding gzip
tcp-request connection reject
tcp-request inspect-delay 5s
use_backend none
default_backend none
mode tcp
mode http
option httpclose
option http-server-close
option httpchk GET /health
option forwardfor
option accept-invalid-http-request
server app2 127.0.0.1:3001
server app2 127.0.0.1:3001 check
server app2 10.9.9.9:3000 check
server app2 127.0.0.1:3000 ssl verify none
server app2 127.0.0.1:3000 send-proxy
server app2 nowhere.example:3000
balance roundrobin
timeout client 1ms
timeout server 1ms
timeout connect 1ms
timeout tunnel 1ms
timeout http-request 1ms
timeout queue 1ms
maxconn 0
maxconn 1
errorfile 503 /nonexistent.http
bind :443
bind 127.0.0.1:443
bind :8080
bind :443 ssl crt /etc/ssl/lab/other.pem
acl shop hdr(host) -i www.shop.example.com
http-request deny unless { hdr(host) -i www.shop.example.com }
http-request deny unless { ssl_fc_sni www.shop.example.com }
ssl-default-bind-options ssl-min-ver TLSv1.3
ssl-default-bind-ciphers NONE
chroot /nonexistent
user nosuchuser
compression algo gzip
disabled
""".strip().splitlines(),
    (
        (":443 ", ":8443 "), (":443 ", "127.0.0.1:443 "), (":80", ":8080"), (":80", ":443"),
        ("3000", "3001"), ("3000", "443"), ("127.0.0.1", "localhost"), ("127.0.0.1", "10.9.9.9"),
        (" ssl ", " "), (".pem", ".crt"), ("h2,http/1.1", "h2"), ("h2,http/1.1", "http/1.0"),
        ("scheme https", "scheme http"), ("default_backend app", "default_backend web"),
        ("default_backend app", "use_backend app if { path_beg /ws }"), ("mode http", "mode tcp"),
        ("5s", "5x"), ("1m", "1"), ("1h", "1"), ("127.0.0.1:3000", "127.0.0.1:3000 check ssl"),
        ("127.0.0.1:3000", "127.0.0.1:3000 disabled"), ("127.0.0.1:3000", "127.0.0.1:3000 backup"),
        ("127.0.0.1:3000", "127.0.0.1:3000 check port 3001"), ("301", "200"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """A web server whose files are changed: `begin` starts it with what it may refuse."""

    text: str
    words: Words
    needs: Callable[[], str]
    install: Callable[[Lab, str], None]
    command: Sequence[str]


SERVERS = {
    "apache": Server(
        f"{apache.HTTPS}\n{apache.HTTP}", APACHE, apache.needs_apache, apache.install,
        ("apachectl", "start"),
    ),
    "caddy": Server(
        caddy.SHOP, CADDY, caddy.needs_caddy, caddy.install,
        ("sh", "-c", f"HOME={caddy.HOME} caddy start --config {caddy.CONFIG} >/dev/null 2>&1"),
    ),
    "haproxy": Server(
        haproxy.SITE, HAPROXY, haproxy.needs_haproxy, haproxy.install,
        ("haproxy", "-W", "-D", "-f", haproxy.CONFIG, "-p", haproxy.PID),
    ),
}  # fmt: skip


def fault(name: str, number: int) -> Fault:
    server = SERVERS[name]
    return changed(random.Random(number), server.text, server.words)


if __name__ == "__main__":
    made = fault(sys.argv[1], int(sys.argv[2]))
    before, after = SERVERS[sys.argv[1]].text.split("\n"), made.text.split("\n")
    print(made.name, *difflib.unified_diff(before, after, lineterm="", n=1), sep="\n")
