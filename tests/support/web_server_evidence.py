"""A site on Apache as observations, parsed from its files as the reader does it."""

from dataclasses import replace

from diagnose.model.server import Listener, Listeners
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig, WebServerTest
from diagnose.parsers.apache.loading import ConfigSource, load
from diagnose.parsers.apache.sites import listens_of, sites_of

MAIN, SITE = "/etc/apache2/apache2.conf", "/etc/apache2/sites-enabled/shop.conf"
MODULES = ("ssl", "proxy", "proxy_http", "rewrite", "alias", "headers")
PORTS = "Listen 80\n<IfModule ssl_module>\nListen 443\n</IfModule>\n"
HTTPS = """\
<VirtualHost *:443>
    ServerName shop.example.com
    SSLEngine on
    SSLCertificateFile /etc/ssl/shop.pem
    SSLCertificateKeyFile /etc/ssl/shop.key
    ProxyPass /ws ws://127.0.0.1:3000/ws
    ProxyPass / http://127.0.0.1:3000/
</VirtualHost>
"""
APACHE = WebServer(
    product="apache",
    pid=10,
    binary="/usr/sbin/apache2",
    version="2.4.62",
    config=MAIN,
    ports=(80, 443),
    started=1000.0,
    loaded=1000.0,
    unit="apache2",
    state="active",
    enabled=True,
    test=("apachectl", "-t"),
    reload=("systemctl", "reload", "apache2"),
    start=("systemctl", "start", "apache2"),
    stop=("systemctl", "stop", "apache2"),
)
PASSED = WebServerTest(product="apache", passed=True)
WEB = Listener(address="0.0.0.0", port=443, family=4, pid=10, process="apache2")
APPLICATION = Listener(address="127.0.0.1", port=3000, family=4, pid=20, process="node")
LISTENING = Listeners(sockets=(replace(WEB, port=80), WEB, APPLICATION))


def apache_config(
    site: str = HTTPS, idle: str = "", modules: tuple[str, ...] = MODULES, complete: bool = True
) -> WebServerConfig:
    """The configuration with this site, and another that is not enabled."""
    main = f"Include ports.conf\nInclude {SITE}\n"
    texts = {MAIN: main, "/etc/apache2/ports.conf": PORTS, SITE: site}
    matches = {path: (path,) for path in texts}
    loaded = load(MAIN, ConfigSource(texts, matches), "/etc/apache2", {}, modules)
    path = "/etc/apache2/sites-available/idle.conf"
    waiting = load(path, ConfigSource({path: idle}, {}), "/etc/apache2", {}, (*modules, "ssl"))
    return WebServerConfig(
        product="apache",
        path=MAIN,
        sites=sites_of(loaded, "/etc/apache2"),
        listens=listens_of(loaded),
        modules=loaded.modules,
        idle=sites_of(waiting, "/etc/apache2"),
        complete=complete,
        files=(ServerFile(SITE, site, real="/etc/apache2/sites-available/shop.conf"),),
    )
