"""A proxy refuses what the application sends or cannot get a place in its queue, and a program does
not start: after threads. Each has its source."""

import time

from .. import apache, caddy, haproxy, site
from ..lab import HERE, Lab
from ..scenario import UNLOGGED, scenario
from .apache import FILES, apache_scenario
from .bodies import PROGRAM
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario

MEND = "a person mends the application"
GATEWAY = str(HERE / "applications" / "gateway_server.py")
SOCKET = "/run/php-fpm.sock"
#: A program with a queue for one connection, which accepts none, and clients that fill it.
BUSY = f"""\
import socket, time
server = socket.socket(socket.AF_UNIX)
server.bind("{SOCKET}")
server.listen(0)
kept = []
for _ in range(3):
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    try:
        client.connect("{SOCKET}")
    except OSError:
        break
    kept.append(client)
open("/run/busy", "w").close()
time.sleep(600)
"""


@scenario(outside="http.server-error", server="upstream.queue-full", manual=MEND, not_on=UNLOGGED)
def workers_of_php_are_busy(lab: Lab) -> None:
    """Issue 2399 of benoitc/gunicorn and many about pm.max_children: "(11: Resource temporarily
    unavailable)"."""
    lab.server.sh(f"rm -f {SOCKET} /run/busy")
    lab.spawn(lab.server, lab.server.python("-c", BUSY), lab.server.path("/run/busy").exists)
    lab.server.sh(f"chmod 777 {SOCKET}")
    lines = f"include fastcgi_params; fastcgi_pass unix:{SOCKET};"
    lab.change("proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;", lines)


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-invalid-response", manual=MEND
)
def haproxy_refuses_a_header_name(lab: Lab) -> None:
    """After threads about "PH" in HAProxy's log: a blank in the name of a header field."""
    lab.spawn(lab.server, lab.server.python(PROGRAM, "space"), 3001)
    haproxy.serve(lab, haproxy.SITE.replace("127.0.0.1:3000", "127.0.0.1:3001"))


@haproxy_scenario(outside="http.server-error", server="server.haproxy-server-full", manual=MEND)
def haproxy_sends_one_request_at_a_time(lab: Lab) -> None:
    """After questions about "sQ" in HAProxy's log: one request hangs, and maxconn is 1."""
    lab.application("--mode", "hang")
    one = "timeout queue 1s\n    server app1 127.0.0.1:3000 maxconn 1"
    haproxy.serve(lab, haproxy.SITE.replace("server app1 127.0.0.1:3000", one))
    lab.spawn(lab.server, ["curl", "-sk", "-m", "60", "https://127.0.0.1/"], lambda: True)
    time.sleep(1)


@caddy_scenario(
    outside="http.answer-says-why",
    server="server.script-not-found",
    target=f"https://{site.NAME}/index.php",
    manual="a person knows where PHP-FPM has the files",
)
def caddy_sends_php_another_path(lab: Lab) -> None:
    """Issues 611 and 703 of caddyserver/caddy: "File not found." for a file that is there."""
    lab.spawn(lab.server, lab.server.python(GATEWAY, "php", "9999"), 9999)
    lab.server.write("/srv/www/index.php", "<?php\n")
    pass_on = "root * /srv/www\n\tphp_fastcgi 127.0.0.1:9999\n\tfile_server"
    caddy.serve(lab, caddy.SHOP.replace("reverse_proxy 127.0.0.1:3000", pass_on))


@scenario(outside="http.server-error", server="upstream.service-failed", manual=MEND)
def program_of_pm2_does_not_start(lab: Lab) -> None:
    """Issue 350 of cezerin/cezerin and many about pm2: a module is missing, and pm2 tries again."""
    lab.application_service.stop()
    line = "Error: Cannot find module 'express'\n    at node:internal/modules\n"
    lab.server.write("/root/.pm2/logs/shop-error.log", line)
    lab.undo(lambda: lab.server.sh("rm -rf /root/.pm2"))


@scenario(outside="http.server-error", server="upstream.service-failed", manual=MEND)
def program_of_pm2_wants_the_port_of_nginx(lab: Lab) -> None:
    """Issue 17 of jlengstorf/tutorial-deploy-nodejs-ssl-digitalocean-app: app.js listens on 80."""
    lab.application_service.stop()
    line = "Error: listen EADDRINUSE :::80\n    at Server.setupListenHandle (net.js:1351:14)\n"
    lab.server.write("/root/.pm2/logs/app-error.log", line)
    lab.undo(lambda: lab.server.sh("rm -rf /root/.pm2"))


@apache_scenario(outside="tcp.refused", server="server.not-running", manual=MEND, differs=FILES)
def apache_has_no_certificate(lab: Lab) -> None:
    """AH02572 stands in Apache's own log alone: "Failed to configure at least one certificate"."""
    apache.install(lab)
    apache.edit(lab, f"    SSLCertificateFile {apache.PEM}\n", "")
    apache.edit(lab, f"    SSLCertificateKeyFile {apache.KEY}\n", "")
    lab.server.run(["apachectl", "start"])
