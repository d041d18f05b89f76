"""Who listens, and where."""

import time
from pathlib import Path

from .. import site
from ..containers import Engine, application
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from ..web_servers import keep_only

LISTEN = "listen 443 ssl;"
MINE = (site.CONF,)


@scenario(outside="tcp.refused", server="listener.loopback-only", differs=MINE)
def nginx_listens_on_loopback_only(lab: Lab) -> None:
    """listen 127.0.0.1:443 ssl."""
    lab.change(LISTEN, "listen 127.0.0.1:443 ssl;")


@scenario(outside="tcp.refused", server="listener.loopback-only", differs=MINE)
def nginx_listens_on_the_name_localhost(lab: Lab) -> None:
    """listen localhost:443 ssl."""
    lab.change(LISTEN, "listen localhost:443 ssl;")


@scenario(outside="tcp.refused", server="listener.missing", manual="what to serve is a choice")
def no_block_for_443(lab: Lab) -> None:
    """nginx has the redirect of port 80 and no HTTPS block at all."""
    lab.change(site.HTTPS, "")


@scenario(outside="tcp.refused", server="listener.missing", manual="which port is a choice")
def https_on_another_port(lab: Lab) -> None:
    """The HTTPS block listens on 8443."""
    lab.change(LISTEN, "listen 8443 ssl;")


PLAIN_SITE = f"server {{\n  listen 80;\n  server_name {site.NAME};\n  root /var/www/shop;\n}}\n"


def plain_site(lab: Lab) -> None:
    """The site in plain http alone, as its owner wants it."""
    lab.server.write("/var/www/shop/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>\n")
    lab.configure(PLAIN_SITE)


@scenario(outside="tcp.refused", server="listener.missing", manual="https or not is a choice")
def site_in_plain_http_alone(lab: Lab) -> None:
    """https://github.com/YutHelloWorld/Blog/issues/22: the bare name means https, and nginx serves
    it over http only."""
    plain_site(lab)


@healthy(target=f"http://{site.NAME}/")
def site_in_plain_http_asked_for_as_such(lab: Lab) -> None:
    plain_site(lab)


def _nameless(lab: Lab) -> None:
    plain_site(lab)
    lab.configure(
        PLAIN_SITE.replace("listen 80", "listen 80 default_server").replace(site.NAME, "_")
    )


@scenario(outside="tcp.refused", server="listener.missing", manual="https or not is a choice")
def site_in_plain_http_without_a_name(lab: Lab) -> None:
    """https://github.com/CalthorpeAnalytics/urbanfootprint/issues/6: the block that answers every
    name is the site's."""
    _nameless(lab)


@healthy(target=f"http://{site.NAME}/")
def site_in_plain_http_without_a_name_asked_for_as_such(lab: Lab) -> None:
    _nameless(lab)


def _without_certificate(lab: Lab) -> None:
    """Nobody ever ordered a certificate for the name."""
    lab.server.sh("mv /etc/nginx/ssl /run/ssl.away")
    lab.undo(lambda: lab.server.sh("mv /run/ssl.away /etc/nginx/ssl"))


ASKED_OUTSIDE = "https or not is a choice, and nobody sees from outside what is set up"


@scenario(
    target=site.NAME, outside="tcp.refused", server=None, both=None, heals="client",
    manual=ASKED_OUTSIDE,
)  # fmt: skip
def bare_name_of_a_site_in_plain_http(lab: Lab) -> None:
    """https://github.com/YutHelloWorld/Blog/issues/22: on the server the site that exists is
    judged."""
    plain_site(lab)
    _without_certificate(lab)


@scenario(
    target=site.NAME, outside="tcp.refused", server="upstream.refused", both="upstream.refused",
    manual="the application is started by hand",
)  # fmt: skip
def bare_name_of_a_broken_site_in_plain_http(lab: Lab) -> None:
    """The application behind it has stopped: that is the fault, and not the missing https."""
    _without_certificate(lab)
    lab.configure(
        PLAIN_SITE.replace(
            "root /var/www/shop;", "location / { proxy_pass http://127.0.0.1:3999; }"
        )
    )


@scenario(
    target=site.NAME, outside="tcp.refused", server="listener.loopback-only",
    manual="where it listens is the application's own setting",
)  # fmt: skip
def bare_name_of_an_application_on_loopback(lab: Lab) -> None:
    """https://github.com/evilhero/mylar/issues/1054: no web server, and the application listens on
    127.0.0.1."""
    _alone(lab)
    for words in ((), ("--permanent",)):
        lab.server.run(["firewall-cmd", *words, "--add-port=3000/tcp"], check=True)


def _alone(lab: Lab) -> None:
    """The application of the laboratory on 127.0.0.1:3000, and no web server."""
    _without_certificate(lab)
    lab.stop_nginx()
    keep_only(lab)


@scenario(target=site.NAME, outside="tcp.refused", server="listener.missing", manual="a choice")
def bare_name_of_an_application_that_is_closed_on_purpose(lab: Lab) -> None:
    """The firewall has no port for the only application: nobody says that it is the site."""
    _alone(lab)


@scenario(target=site.NAME, outside="tcp.refused", server="listener.missing", manual="a choice")
def bare_name_of_two_programs_on_ports_of_their_own(lab: Lab) -> None:
    """https://github.com/mlogclub/bbs-go/issues/174, healed: page and data are on two ports,
    and nobody says that https is wanted. A warning names both."""
    _alone(lab)
    for port in ("3100", "8082"):
        argv = lab.server.python("-m", "http.server", "-b", "0.0.0.0", port)
        lab.spawn(lab.server, argv, int(port))
        for words in ((), ("--permanent",)):
            command = ["firewall-cmd", *words, f"--add-port={port}/tcp"]
            lab.server.run(command, check=True)


@healthy(target=f"http://{site.NAME}:8082/")
def one_of_two_programs_by_its_whole_address(lab: Lab) -> None:
    bare_name_of_two_programs_on_ports_of_their_own(lab)


@scenario(target=site.NAME, outside="tcp.refused", server="listener.missing", manual="a choice")
def bare_name_where_the_certificate_is_there(lab: Lab) -> None:
    """The certificate was ordered, and nginx has the site in plain http alone."""
    plain_site(lab)


#: The default block with the welcome page, and the site under the name of an example.
PLACEHOLDER = (
    PLAIN_SITE.replace("80", "80 default_server").replace(site.NAME, "_")
) + PLAIN_SITE.replace(site.NAME, "your.domain.example")


def _welcome(lab: Lab, configuration: str) -> None:
    lab.server.write(
        "/var/www/shop/index.html",
        "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n"
        "<h1>Welcome to nginx!</h1>\n<p>If you see this page, the nginx web server is successfully"
        " installed and\nworking. Further configuration is required.</p>\n</body>\n</html>\n",
    )
    lab.configure(configuration)


@scenario(
    target=site.NAME, outside="tcp.refused", server="nginx.no-matching-server",
    both="nginx.no-matching-server", manual="which block is meant is not known",
)  # fmt: skip
def bare_name_that_no_block_has(lab: Lab) -> None:
    """https://github.com/131mm/ssweb-web.py/issues/9: the certificate is there too."""
    _welcome(lab, PLACEHOLDER)


@scenario(target=site.NAME, outside="tcp.refused", server="listener.missing", manual="a choice")
def bare_name_that_a_block_has_beside_others(lab: Lab) -> None:
    """The site is in plain http alone, with its name: that is what is named."""
    plain_site(lab)
    lab.configure(PLACEHOLDER.replace("your.domain.example", site.NAME))


@scenario(target=site.NAME, outside="tcp.refused", server="listener.missing", manual="a choice")
def bare_name_where_http_leads_to_https(lab: Lab) -> None:
    """No block for https, no certificate, and the redirect is there."""
    _without_certificate(lab)
    lab.change(site.HTTPS, "")


def _published(lab: Lab) -> None:
    lab.stop_nginx()
    keep_only(lab)
    application(Engine(lab), "maven", ports=((8080, 3000),))


@scenario(
    outside="tcp.refused", server="listener.missing", manual="which port is a choice",
    not_on={"panel": "the panel's firewall is another"},
)  # fmt: skip
def site_is_a_containers_published_port(lab: Lab) -> None:
    """https://github.com/gomvn/gomvn/issues/2: an application alone, published at 8080."""
    _published(lab)


@scenario(outside="tcp.refused", server="listener.wrong-family", differs=(*MINE, "listeners"))
def nginx_listens_on_ipv6_only(lab: Lab) -> None:
    """listen [::]:443 ssl, for a name with an A record only."""
    lab.change(LISTEN, "listen [::]:443 ssl ipv6only=on;")


@healthy()
def nginx_listens_on_its_address(lab: Lab) -> None:
    """listen 203.0.113.10:443 ssl."""
    lab.change(LISTEN, "listen 203.0.113.10:443 ssl;")


@healthy(ipv6=True)
def one_socket_for_both_families(lab: Lab) -> None:
    """listen [::]:443 ssl ipv6only=off takes IPv4 along."""
    lab.edit(LISTEN, "")
    lab.change("listen [::]:443 ssl;", "listen [::]:443 ssl ipv6only=off;")


@healthy()
def another_server_on_443(lab: Lab) -> None:
    """No nginx: the application itself speaks TLS on 443, and a redirect sits on 80."""
    lab.stop_nginx()
    tls = ["--certificate", site.PEM, "--key", site.KEY]
    program = lab.server.python(str(HERE / "application.py"), "--host", "0.0.0.0")
    lab.spawn(lab.server, [*program, "--port", "443", *tls], 443)
    redirect = ["--port", "80", "--mode", "redirect-to-https"]
    lab.spawn(lab.server, [*program, *redirect], 80)


@scenario(outside="tcp.refused", server="listener.orphan-nginx", keeps=("listeners",))
def nginx_out_of_reach_of_a_reload(lab: Lab) -> None:
    """HTTPS was added to the file, and with the pid file gone no reload reaches nginx."""
    lab.change(site.HTTPS, "")
    time.sleep(0.2)  # so that the file is newer than the workers
    lab.server.write(site.CONF, site.configuration())
    lab.server.path("/run/nginx.pid").unlink()


#: systemd's own program on the files of the units, which needs no systemd that runs; only what it
#: would say of one that does is made up.
SYSTEMCTL = """#!/bin/sh
export SYSTEMD_OFFLINE=1
case $1 in
show)
  state=$(/usr/bin/systemctl is-enabled nginx.service 2>/dev/null)
  echo "Id=nginx.service"; echo "LoadState=loaded"; echo "ActiveState=active"
  echo "UnitFileState=$state"; echo "ExecMainStartTimestampMonotonic=1"
  [ "$state" = enabled ] && echo "WantedBy=multi-user.target"; :;;
enable|disable|is-enabled) exec /usr/bin/systemctl "$@";;
*) exit 1;;
esac
"""


def no_systemctl() -> str:
    return "" if Path("/usr/bin/systemctl").exists() else "systemctl is not installed"


@scenario(
    outside=None,
    server="listener.not-enabled-at-boot",
    needs=no_systemctl,
    not_on=dict.fromkeys(("built-by-hand", "built-with-rc.local", "panel"), "it has no unit file"),
)
def nginx_is_not_enabled(lab: Lab) -> None:
    """It runs, and nothing starts it when the machine starts."""
    if lab.platform.boots:
        lab.server.run(["systemctl", "disable", "nginx.service"], check=True)
        return
    lab.undo(lambda: lab.server.sh("rm -rf /usr/local/bin/systemctl /run/systemd/system"))
    lab.server.write("/usr/local/bin/systemctl", SYSTEMCTL, 0o755)
    lab.server.sh("mkdir -p /run/systemd/system; systemctl disable nginx.service")


@scenario(
    outside="tcp.refused", server="listener.missing", both="listener.missing", differs=(site.CONF,)
)
def listen_stands_in_a_comment(lab: Lab) -> None:
    """The block has the name and its certificate, and port 80 in place of 443."""
    lab.change("  listen 443 ssl;", "  #listen 443 ssl;")
