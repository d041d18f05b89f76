"""Apache serves the site, and nginx is not there."""

from functools import partial

from .. import apache, certificates, site
from ..apache import HTTP, HTTPS, OTHER
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_files import LIVE, of_certbot

#: Its files are Debian's, without systemd.
SITE = ("/etc/apache2/sites-available/shop.conf",)
ENABLED = ("/etc/apache2/sites-enabled/shop.conf",)
MODULES = tuple(
    f"/etc/apache2/mods-enabled/{name}"
    for name in ("ssl.conf", "ssl.load", "proxy.conf", "proxy.load", "proxy_http.load")
)
FILES = SITE + ENABLED + MODULES
WS = ("--ws", "/ws")
ELSEWHERE = {"[!n]*": "Apache has one layout in the laboratory", "nginx*": "the same"}
#: Scenarios that need this server, whose files lie in one place in the laboratory.
apache_scenario = partial(scenario, needs=apache.needs_apache, not_on=ELSEWHERE)
healthy_apache = partial(healthy, needs=apache.needs_apache, not_on=ELSEWHERE)


@healthy_apache()
def apache_serves_the_site(lab: Lab) -> None:
    """TLS, redirect and WebSocket, each in its usual form."""
    apache.serve(lab)


@healthy_apache()
def apache_serves_two_sites(lab: Lab) -> None:
    """Another name is the default on port 80, and that is no fault."""
    apache.serve(lab, f"{OTHER}\n{HTTPS}\n{HTTP}")


@healthy_apache()
def apache_without_wstunnel(lab: Lab) -> None:
    """ws:// in ProxyPass, and only mod_proxy_http is there."""
    apache.install(lab)
    apache.disable(lab, "proxy_wstunnel")
    apache.start(lab)


@healthy_apache()
def apache_upgrades_by_a_parameter(lab: Lab) -> None:
    """ProxyPass / http://… upgrade=websocket, the form since 2.4.47."""
    text = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
    apache.serve(
        lab,
        f"{text}\n{HTTP}".replace(
            ":3000/\n    ProxyPassR", ":3000/ upgrade=websocket\n    ProxyPassR"
        ),
    )


# Faults


@apache_scenario(
    outside="tcp.refused",
    server="server.port-not-served",
    differs=FILES,
)
def apache_without_ssl(lab: Lab) -> None:
    """The module ssl is not enabled, so ports.conf has no Listen 443; the site has <IfModule>."""
    apache.install(lab, f"<IfModule ssl_module>\n{HTTPS}</IfModule>\n{HTTP}")
    apache.disable(lab, "ssl")
    apache.start(lab, 80)


@apache_scenario(
    outside="tcp.refused",
    server="server.port-not-served",
    differs=FILES,
    keeps=("listeners",),
)
def apache_not_reloaded_for_https(lab: Lab) -> None:
    """Enabled after the start, and nobody reloaded."""
    apache.install(lab)
    text = lab.server.read(apache.PORTS)
    lab.server.write(apache.PORTS, "Listen 0.0.0.0:80\n")
    apache.start(lab, 80)
    lab.server.write(apache.PORTS, text)


@apache_scenario(
    outside="certificate.expired",
    server="server.certificate-not-loaded",
    differs=FILES,
)
def apache_renewed_and_not_reloaded(lab: Lab) -> None:
    """The file was renewed and Apache still has the old one; after a thread on Server Fault about
    certbot and Apache."""
    apache.install(lab)
    old, good = certificates.leaf(starts=-95, ends=-5), certificates.good()
    lab.server.write(apache.PEM, old.chain)
    lab.server.write(apache.KEY, old.key_pem, 0o600)
    apache.start(lab)
    lab.server.write(apache.PEM, good.chain)
    lab.server.write(apache.KEY, good.key_pem, 0o600)


@apache_scenario(
    outside=None,
    server="server.certificate-file-missing",
    manual="a certificate comes from an authority",
)
def apache_certificate_deleted(lab: Lab) -> None:
    """Deleted while Apache runs: the next reload will fail."""
    apache.serve(lab)
    lab.server.path(apache.PEM).unlink()


@apache_scenario(
    outside=None,
    server="server.key-mismatch",
    manual="the right key is not known",
)
def apache_key_of_another_certificate(lab: Lab) -> None:
    """apachectl -t says Syntax OK, and the next reload ends Apache (AH02565)."""
    apache.serve(lab)
    lab.server.write(apache.KEY, certificates.leaf().key_pem, 0o600)


@apache_scenario(
    outside="tcp.refused",
    server="server.key-mismatch",
    differs=(*FILES, "processes"),
)
def apache_stops_at_the_key_of_last_year(lab: Lab) -> None:
    """The key that fits lies beside the one that is named."""
    apache.install(lab)
    good, old = certificates.good(), certificates.leaf(starts=-360, ends=5)
    folder = apache.PEM.rpartition("/")[0]
    lab.server.write(f"{folder}/shop-2025.key", old.key_pem, 0o600)
    lab.server.write(apache.PEM, good.chain)
    lab.server.write(apache.KEY, good.key_pem, 0o600)
    apache.edit(lab, apache.KEY, f"{folder}/shop-2025.key")
    lab.server.sh("apachectl start >/dev/null 2>&1 || :")


@apache_scenario(
    outside="certificate.chain-incomplete",
    server="server.chain-not-sent",
    differs=(apache.PEM,),
)
def bundle_of_the_authority_beside_the_leaf_of_apache(lab: Lab) -> None:
    """The authority's bundle lies in the folder, and no line names it."""
    apache.install(lab)
    good = certificates.good()
    lab.server.write(apache.PEM, good.pem)
    lab.server.write(apache.KEY, good.key_pem, 0o600)
    folder = apache.PEM.rpartition("/")[0]
    lab.server.write(f"{folder}/intermediate.crt", certificates.intermediate().pem)
    apache.start(lab)


@apache_scenario(
    outside=None,
    server="server.config-invalid",
)
def apache_configuration_invalid(lab: Lab) -> None:
    """A typing error after the start: AH00526."""
    apache.serve(lab)
    apache.edit(lab, "SSLEngine on", "SSLEngin on")


@apache_scenario(
    outside=None,
    server="server.config-invalid",
)
def apache_comment_behind_a_directive(lab: Lab) -> None:
    """https://github.com/gitbucket/gitbucket/issues/2062: "takes one argument"."""
    apache.serve(lab)
    apache.edit(
        lab, "SSLEngine on", "AllowEncodedSlashes NoDecode # or On for 2.2\n    SSLEngine on"
    )


@apache_scenario(
    outside=None,
    server="server.config-invalid",
    differs=("/var/log/shop",),
)
def apache_folder_of_a_log_is_missing(lab: Lab) -> None:
    """AH02291: the site's log has a folder of its own, which nobody made."""
    apache.serve(lab)
    apache.edit(lab, "SSLEngine on", "ErrorLog /var/log/shop/error.log\n    SSLEngine on")


@apache_scenario(
    outside="certificate.name-mismatch",
    server="server.wrong-site",
    differs=FILES,
)
def apache_site_not_enabled(lab: Lab) -> None:
    """a2ensite was forgotten: the other site answers, with its own certificate."""
    apache.install(lab)
    other = certificates.leaf("www.example.org")
    lab.server.write("/etc/ssl/lab/other.pem", other.chain)
    lab.server.write("/etc/ssl/lab/other.key", other.key_pem, 0o600)
    text = HTTPS.replace("shop.example.com", "www.example.org").replace("lab/shop", "lab/other")
    lab.server.write("/etc/apache2/sites-available/other.conf", text)
    lab.server.write("/etc/apache2/sites-available/shop.conf", HTTPS)
    lab.server.write("/etc/apache2/sites-available/plain.conf", HTTP)
    lab.server.sh("a2dissite -q shop; a2ensite -q other plain")
    apache.start(lab)


@apache_scenario(
    outside="tls.plain-http",
    server="server.tls-off",
    differs=FILES,
)
def apache_without_ssl_engine(lab: Lab) -> None:
    """A certificate is named, and TLS is off."""
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace("SSLEngine on", "SSLEngine off"))


@apache_scenario(
    outside="tls.plain-http",
    server="server.tls-off",
    manual="a certificate has to be named",
)
def apache_without_a_word_about_tls(lab: Lab) -> None:
    """Neither SSLEngine nor a certificate on port 443, after
    https://stackoverflow.com/questions/119336/ssl-error-rx-record-too-long-and-apache-ssl."""
    lines = HTTPS.splitlines(keepends=True)
    apache.serve(lab, f"{''.join(line for line in lines if 'SSL' not in line)}\n{HTTP}")


@apache_scenario(
    outside="tls.plain-http",
    server="server.tls-off",
    differs=ENABLED,
)
def apache_site_is_alone_and_not_enabled(lab: Lab) -> None:
    """The module has `Listen 443`, and no other site is on the port."""
    apache.install(lab, HTTPS)
    lab.server.write("/etc/apache2/sites-available/plain.conf", HTTP)
    lab.server.sh("a2dissite -q shop; a2ensite -q plain")
    apache.start(lab)


@healthy_apache()
def apache_without_a_word_about_ssl_engine(lab: Lab) -> None:
    """The port 443 has the protocol https by itself, so TLS is on."""
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace("    SSLEngine on\n", ""))


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=FILES,
)
def apache_without_upgrade(lab: Lab) -> None:
    """ProxyPass / http:// for all, as in many threads on Server Fault."""
    text = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
    apache.serve(lab, f"{text}\n{HTTP}")


@apache_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="the application is started by its own service",
)
def apache_application_stopped(lab: Lab) -> None:
    """503, and AH00957 in Apache's log."""
    apache.serve(lab)
    lab.application_service.stop()


@apache_scenario(
    outside=None,
    server="server.config-invalid",
    differs=FILES,
)
def apache_knows_no_proxy_pass(lab: Lab) -> None:
    """The module proxy was disabled while Apache runs: Invalid command 'ProxyPreserveHost'."""
    apache.serve(lab)
    apache.disable(lab, "proxy_wstunnel", "proxy_http", "proxy")


# Beside nginx


@healthy_apache()
def apache_beside_a_leftover_nginx(lab: Lab) -> None:
    """nginx is installed with a configuration for the same site, and Apache serves it."""
    apache.install(lab, keep_nginx=True)
    apache.start(lab)


@healthy_apache()
def apache_behind_nginx(lab: Lab) -> None:
    """nginx has the ports of the site, and passes pages on to Apache on port 8080."""
    text = HTTPS.replace("*:443", "*:8080").replace("SSLEngine on", "SSLEngine off")
    apache.install(lab, text, keep_nginx=True)
    lab.server.write(apache.PORTS, "Listen 127.0.0.1:8080\n")
    lab.start_nginx()
    apache.start(lab, 8080)
    page = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
    lab.change(page, page.replace("127.0.0.1:3000", "127.0.0.1:8080"))


@apache_scenario(
    outside="http.redirect-loop",
    server="server.redirect-loop",
    differs=FILES,
)
def apache_redirects_to_itself(lab: Lab) -> None:
    """The redirect of port 80 was copied into the https site."""
    line = (
        "    RewriteEngine On\n    RewriteRule ^ https://shop.example.com%{REQUEST_URI} [R=301,L]\n"
    )
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace("    SSLEngine on\n", f"    SSLEngine on\n{line}"))


@apache_scenario(
    outside="http.no-redirect",
    server="server.redirect-missing",
    differs=FILES,
)
def apache_without_redirect(lab: Lab) -> None:
    """Port 80 shows the same pages."""
    plain = "    ProxyPass / http://127.0.0.1:3000/\n"
    redirect = "    Redirect permanent / https://shop.example.com/\n"
    apache.serve(lab, f"{HTTPS}\n{HTTP.replace(redirect, plain)}")


def _redirects_if(lab: Lab, variable: str) -> None:
    plain = "    ProxyPass / http://127.0.0.1:3000/\n"
    redirect = "    Redirect permanent / https://shop.example.com/\n"
    rule = "RewriteRule ^ https://shop.example.com%{REQUEST_URI} [R=301,L]"
    rules = f"    RewriteEngine On\n    RewriteCond {variable} off\n    {rule}\n"
    lab.server.sh("a2enmod -q rewrite")
    apache.serve(lab, f"{HTTPS}\n{HTTP.replace(redirect, rules + plain)}")


@apache_scenario(
    outside="http.no-redirect",
    server="server.redirect-missing",
    differs=FILES,
)
def apache_compares_a_text_before_it_redirects(lab: Lab) -> None:
    """`RewriteCond !{HTTPS} off` has no variable, after a question on Stack Overflow."""
    _redirects_if(lab, "!{HTTPS}")


@healthy_apache()
def apache_asks_for_https_before_it_redirects(lab: Lab) -> None:
    _redirects_if(lab, "%{HTTPS}")


@apache_scenario(
    outside="http.no-redirect",
    server="server.redirect-missing",
    differs=FILES,
)
def apache_without_a_virtual_host_on_port_80(lab: Lab) -> None:
    """Only the site of https was written; Apache's main server answers on port 80, with the page
    that the package brings."""
    apache.serve(lab, HTTPS)
    lab.server.write("/var/www/html/index.html", "<title>It works</title><p>It works!</p>\n")


@apache_scenario(
    outside="certificate.chain-incomplete",
    server="server.chain-not-sent",
    differs=FILES,
)
def apache_sends_the_leaf_alone(lab: Lab) -> None:
    """cert.pem of certbot's where fullchain.pem is meant."""
    of_certbot(lab, certificates.good())
    text = HTTPS.replace(apache.PEM, f"{LIVE}/cert.pem").replace(apache.KEY, f"{LIVE}/privkey.pem")
    apache.serve(lab, f"{text}\n{HTTP}")


@healthy_apache()
def apache_redirects_after_a_proxy_pass(lab: Lab) -> None:
    """The https site has a Redirect to itself, and ProxyPass comes before it."""
    line = "    Redirect permanent / https://shop.example.com/\n"
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace("    SSLEngine on\n", f"    SSLEngine on\n{line}"))


@apache_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="the application is started by its own service",
)
def application_stopped_behind_apache_beside_nginx(lab: Lab) -> None:
    """A configuration of nginx, which does not run, passes the same site on to the application."""
    apache.install(lab, keep_nginx=True)
    apache.start(lab)
    lab.application_service.stop()


@apache_scenario(
    outside="certificate.expired",
    server="server.certificate-not-loaded",
    differs=FILES,
)
def apache_not_reloaded_beside_nginx(lab: Lab) -> None:
    """The file of nginx's old configuration holds a good certificate, and nobody reads it."""
    apache.install(lab, keep_nginx=True)
    old, good = certificates.leaf(starts=-95, ends=-5), certificates.good()
    lab.server.write(apache.PEM, old.chain)
    lab.server.write(apache.KEY, old.key_pem, 0o600)
    apache.start(lab)
    lab.server.write(apache.PEM, good.chain)
    lab.server.write(apache.KEY, good.key_pem, 0o600)


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=FILES,
)
def apache_without_upgrade_beside_nginx(lab: Lab) -> None:
    """nginx's old configuration passes the WebSocket on, and nobody reads it."""
    text = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
    apache.install(lab, f"{text}\n{HTTP}", keep_nginx=True)
    apache.start(lab)


@apache_scenario(
    outside="tcp.refused",
    server="server.key-encrypted",
    manual="nobody here knows the passphrase",
)
def apache_key_has_a_passphrase(lab: Lab) -> None:
    """After an issue of Bitnami's about AH02564: Apache asks on a terminal, and there is none."""
    apache.install(lab)
    locked = f"openssl pkey -in {apache.KEY} -aes256 -passout pass:secret -out /run/locked.key"
    lab.server.sh(f"{locked}; cat /run/locked.key > {apache.KEY}; rm /run/locked.key")
    lab.server.sh("apachectl start </dev/null >/dev/null 2>&1 || :")


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.path-excluded",
    args=WS,
    differs=FILES,
)
def apache_excludes_the_websocket(lab: Lab) -> None:
    """ProxyPass /ws !, from an example in which a RewriteRule passes WebSockets on."""
    text = HTTPS.replace("ProxyPass /ws ws://127.0.0.1:3000/ws", "ProxyPass /ws !")
    apache.serve(lab, f"{text}\n{HTTP}")


@apache_scenario(
    outside="tcp.refused",
    server="server.port-not-served",
    target="http://shop.example.com/",
    differs=(apache.PORTS,),
)
def apache_line_of_port_80_is_a_comment(lab: Lab) -> None:
    """After https://datainhands.com/?p=6977: the site of port 80 is there."""
    apache.install(lab)
    apache.edit(lab, "Listen 0.0.0.0:80", "#Listen 0.0.0.0:80", apache.PORTS)
    apache.start(lab, 443)
