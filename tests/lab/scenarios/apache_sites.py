"""Apache's sites that are not there, and what its log says of files and of PHP."""

import re

from .. import apache, certificates, haproxy, site
from ..apache import HTTP, HTTPS, PORTS
from ..lab import SERVER, Lab
from .apache import FILES, apache_scenario, healthy_apache
from .apache_log import FILES_ONLY, NO_APPLICATION, serve_folder
from .haproxy import haproxy_scenario
from .refused_responses import GATEWAY

OTHER_PEM, OTHER_KEY = "/etc/ssl/lab/other.pem", "/etc/ssl/lab/other.key"
OTHER = (
    HTTPS.replace("shop.example.com", "aaa.example.org")
    .replace(apache.PEM, OTHER_PEM)
    .replace(apache.KEY, OTHER_KEY)
)
PROXIED = "    ProxyPreserveHost On\n    ProxyPass / http://127.0.0.1:3000/\n"
FPM = "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost/"


def other_certificate(lab: Lab, name: str = "aaa.example.org") -> None:
    other = certificates.leaf(name, issuer=None if "." in name else "self")
    lab.server.write(OTHER_PEM, other.chain)
    lab.server.write(OTHER_KEY, other.key_pem, 0o600)


@healthy_apache()
def apache_site_has_the_servers_name(lab: Lab) -> None:
    """The site has no ServerName and so the main server's; another site stands first."""
    apache.install(
        lab, f"{OTHER}\n{HTTPS.replace('    ServerName shop.example.com' + chr(10), '')}"
    )
    other_certificate(lab)
    lab.server.write("/etc/apache2/conf-enabled/name.conf", "ServerName shop.example.com\n")
    redirect = HTTP.replace("    ServerName shop.example.com\n", "")
    lab.server.write("/etc/apache2/sites-enabled/000-plain.conf", redirect)
    apache.start(lab)


@healthy_apache()
def apache_lets_few_see_the_folder(lab: Lab) -> None:
    """Require ip, written on purpose: 403 for all others, and AH01630 in the log."""
    serve_folder(lab, "/opt/shop", "Require ip 192.0.2.0/24")


@apache_scenario(outside=None, server="server.access-not-granted", manual=NO_APPLICATION)
def apache_grants_no_folder(lab: Lab) -> None:
    """After threads about AH01630: the document root is in /opt, and nothing grants it."""
    apache.install(lab, f"{FILES_ONLY.replace('/var/www/html', '/opt/shop')}\n{HTTP}")
    lab.server.write("/opt/shop/index.html", "<p>It works.</p>\n")
    apache.start(lab)


@apache_scenario(
    outside="http.server-error",
    server="server.apache-rewrite-recursion",
    manual=NO_APPLICATION,
)
def apache_rewrites_in_a_circle(lab: Lab) -> None:
    """After questions about AH00124: the rule is true for its own result."""
    rules = "RewriteEngine On\nRewriteRule ^(.*)$ /app/$1 [L]\n"
    serve_folder(lab, "/var/www/shop", "Require all granted", rules)


@apache_scenario(outside="http.redirect-loop", server="server.redirect-loop", manual=NO_APPLICATION)
def apache_htaccess_redirects_to_itself(lab: Lab) -> None:
    """https for everything in .htaccess, without a condition."""
    rules = "RewriteEngine On\nRewriteRule ^(.*)$ https://%{HTTP_HOST}/$1 [R=301,L]\n"
    serve_folder(lab, "/var/www/shop", "Require all granted", rules)


@apache_scenario(
    outside="http.server-error", server="server.backend-not-reached", manual="PHP is not here"
)
def apache_php_was_upgraded(lab: Lab) -> None:
    """AH02454: SetHandler names the socket of the PHP that went with the upgrade."""
    handler = (
        f'    DirectoryIndex index.php\n    <FilesMatch "\\.php$">\n        SetHandler "{FPM}"\n'
    )
    text = FILES_ONLY.replace(
        "    SSLEngine on\n", f"    SSLEngine on\n{handler}    </FilesMatch>\n"
    )
    apache.install(lab, f"{text}\n{HTTP}")
    apache.enable(lab, "proxy_fcgi")
    lab.server.write("/var/www/html/index.php", "<?php echo 'It works.';\n")
    lab.server.sh("rm -f /var/www/html/index.html")
    apache.start(lab)


@apache_scenario(outside="http.answer-says-why", server="server.script-not-found", differs=FILES)
def apache_sends_php_another_folder(lab: Lab) -> None:
    """AH01071, "Primary script unknown": ProxyPassMatch has the folder of another site."""
    start, end = HTTPS.index("    ProxyPass / "), HTTPS.index("    RequestHeader")
    passed = (
        "    DirectoryIndex index.php\n"
        "    ProxyPassMatch ^/(.*\\.php)$ fcgi://127.0.0.1:9999/var/www/old/$1\n"
    )
    apache.install(lab, f"{HTTPS[:start]}{passed}{HTTPS[end:]}\n{HTTP}")
    apache.enable(lab, "proxy_fcgi")
    lab.spawn(lab.server, lab.server.python(GATEWAY, "php-files", "9999"), 9999)
    lab.server.write("/var/www/html/index.php", "<?php echo 'It works.';\n")
    lab.server.sh("rm -f /var/www/html/index.html")
    apache.start(lab)


@apache_scenario(
    outside="http.server-error",
    server="server.backend-not-reached",
    target=f"https://{site.NAME}/login",
    differs=FILES,
)
def apache_passes_on_without_a_slash(lab: Lab) -> None:
    """ProxyPass / http://127.0.0.1:3000: /login becomes 127.0.0.1:3000login."""
    text = HTTPS.replace(":3000/\n    ProxyPassR", ":3000\n    ProxyPassR")
    apache.serve(lab, f"{text}\n{HTTP}")


@apache_scenario(
    outside="tls.plain-http",
    server="server.apache-site-not-included",
    differs=(
        *FILES,
        *(f"/etc/apache2/sites-enabled/shop.example.com{end}" for end in ("", ".conf")),
    ),
)
def apache_site_without_its_ending(lab: Lab) -> None:
    """After an upgrade from 2.2: sites-enabled/shop.example.com has no .conf."""
    apache.install(lab)
    lab.server.sh("cd /etc/apache2/sites-enabled && mv shop.conf shop.example.com")
    apache.start(lab)


@apache_scenario(
    outside="tls.plain-http",
    server="server.apache-site-not-included",
    manual="the line is written by a person",
)
def apache_includes_no_sites(lab: Lab) -> None:
    """apache2.conf lost its IncludeOptional."""
    apache.install(lab)
    lab.server.sh("sed -i /sites-enabled/d /etc/apache2/apache2.conf")
    apache.start(lab)


@apache_scenario(
    outside="tcp.refused",
    server="server.apache-listen-twice",
    differs=(*FILES, "processes"),
)
def apache_listens_twice(lab: Lab) -> None:
    """Listen 443 in ports.conf and again in the site: AH00072, and Apache does not start."""
    apache.install(lab, f"Listen 443\n{HTTPS}\n{HTTP}")
    lab.server.sh("apachectl start >/dev/null 2>&1 || :")


@apache_scenario(
    outside="tcp.refused",
    server="server.port-not-served",
    manual="a person writes the line",
)
def apache_has_no_listen(lab: Lab) -> None:
    """ports.conf lost its Listen 443."""
    apache.install(lab)
    lab.server.write(PORTS, "Listen 0.0.0.0:80\n")
    apache.start(lab, 80)


@apache_scenario(
    outside="certificate.name-mismatch",
    server="server.wrong-site",
    manual="a person writes the address",
)
def apache_name_is_on_loopback(lab: Lab) -> None:
    """<VirtualHost shop.example.com:443>, and /etc/hosts has the name on 127.0.1.1."""
    own = HTTPS.replace("*:443", "shop.example.com:443")
    apache.install(lab, f"{OTHER}\n{own}\n{HTTP}")
    other_certificate(lab)
    hosts = lab.server.read("/etc/hosts")
    lab.server.write("/etc/hosts", f"{hosts}127.0.1.1 shop.example.com\n")
    apache.start(lab)


@apache_scenario(
    outside="certificate.self-signed",
    server="server.port-held",
    manual="a person decides who serves the machine",
)
def apache_finds_its_port_taken(lab: Lab) -> None:
    """nginx was installed for a trial, starts first at boot, and has its default page."""
    apache.install(lab, keep_nginx=True)
    other_certificate(lab, "localhost")
    files = f"ssl_certificate {OTHER_PEM}; ssl_certificate_key {OTHER_KEY}"
    page = f"server {{ listen 443 ssl; {files}; root /var/www/html; }}\n"
    lab.server.write(site.CONF, f"{site.HTTP}\n{page}")
    lab.start_nginx()
    lab.server.sh("apachectl start >/dev/null 2>&1 || :")


@haproxy_scenario(
    outside="certificate.self-signed",
    server="server.port-held",
    manual="a person decides who serves the machine",
)
def haproxy_finds_its_port_taken(lab: Lab) -> None:
    """Apache came with a package, and has its default page on both ports."""
    haproxy.install(lab)
    lab.server.sh("mv /usr/sbin/apache2.away /usr/sbin/apache2")
    apache.enable(lab, *apache.MODULES)
    lab.undo(lambda: lab.server.sh("mv /usr/sbin/apache2 /usr/sbin/apache2.away"))
    other_certificate(lab, "localhost")
    page = OTHER.replace("aaa.example.org", "localhost")
    lab.server.sh("rm -f /etc/apache2/sites-enabled/*")
    lab.server.write("/etc/apache2/sites-enabled/default.conf", f"{page}\n{HTTP}")
    apache.start(lab)
    lab.server.sh("haproxy -W -D -f /etc/haproxy/haproxy.cfg >/dev/null 2>&1 || :")


@apache_scenario(
    outside="certificate.name-mismatch",
    server="listener.other-process",
    manual="which of the two servers is wanted, a person knows",
)
def apache_answers_while_nginx_is_stopped(lab: Lab) -> None:
    """nginx was stopped for an update; Apache starts by itself, and has its default site."""
    apache.install(lab, f"{OTHER}\n{HTTP}", keep_nginx=True)
    other_certificate(lab)
    lab.stop_nginx()
    apache.start(lab)


@apache_scenario(outside="http.not-the-site", manual="the site has to be written for port 443")
def apache_default_page_over_https_alone(lab: Lab) -> None:
    """After questions on Server Fault about "works over http, default page over https": the site is
    on port 80 only, and default-ssl answers on 443. A redirect would take the site away."""
    plain = HTTP.replace("    Redirect permanent / https://shop.example.com/\n", PROXIED)
    default = "".join(
        line
        for line in HTTPS.splitlines(keepends=True)
        if "Proxy" not in line and "ServerName" not in line
    )
    apache.install(lab, f"{default}\n{plain}")
    page = "<title>Apache2 Debian Default Page: It works</title><p>It works!</p>\n"
    lab.server.write("/var/www/html/index.html", page)
    apache.start(lab)


@apache_scenario(
    outside="tcp.refused",
    server="nginx.not-running",
    manual="which of the two servers is wanted, a person knows",
)
def apache_has_nginxs_port(lab: Lab) -> None:
    """Apache's default site has port 80: nginx says "bind() to 0.0.0.0:80 failed (98: Address
    already in use)", as in https://stackoverflow.com/questions/25393370."""
    default = "<VirtualHost *:80>\n    DocumentRoot /var/www/html\n</VirtualHost>\n"
    apache.install(lab, default, keep_nginx=True)
    apache.disable(lab, "ssl")
    apache.start(lab, 80)
    lab.try_to_start_nginx()


@healthy_apache()
def apache_is_a_proxy_for_everybody(lab: Lab) -> None:
    """https://github.com/digitalfondue/lavagna/issues/127 has `ProxyRequests On` beside ProxyPass.
    The pages work, and it is a note."""
    lines = "    ProxyRequests On\n    ProxyPreserveHost"
    apache.serve(lab, f"{HTTPS.replace('    ProxyPreserveHost', lines)}\n{HTTP}")


@healthy_apache()
def apache_is_a_proxy_for_its_own_network(lab: Lab) -> None:
    """A section says who may use it."""
    guard = '    <Proxy "*">\n        Require ip 127.0.0.0/8 203.0.113.0/24\n    </Proxy>\n'
    lines = f"    ProxyRequests On\n{guard}    ProxyPreserveHost"
    reverse = '    <Proxy "http://127.0.0.1:3000/*">\n        Require all granted\n    </Proxy>\n'
    text = HTTPS.replace("    ProxyPreserveHost", f"{lines}")
    apache.serve(lab, f"{text.replace('</VirtualHost>', f'{reverse}</VirtualHost>')}\n{HTTP}")


@apache_scenario(outside="http.redirect-loop", server="server.redirect-loop")
def apache_http_site_redirects_to_http(lab: Lab) -> None:
    """The target of the redirect on port 80 was written with http."""
    redirect = HTTP.replace("/ https://", "/ http://")
    apache.serve(lab, f"{HTTPS}\n{redirect}")


@apache_scenario(outside="http.redirect-loop", server="server.redirect-loop", manual=NO_APPLICATION)
def apache_htaccess_asks_for_tls_before_it_redirects(lab: Lab) -> None:
    """`RewriteCond %{HTTPS} on` where `off` is meant, in <IfModule mod_rewrite.c>."""
    rules = (
        "<IfModule mod_rewrite.c>\nRewriteEngine On\nRewriteCond %{HTTPS} on\n"
        "RewriteRule ^(.*)$ https://%{HTTP_HOST}/$1 [R=301,L]\n</IfModule>\n"
    )
    serve_folder(lab, "/var/www/shop", "Require all granted", rules)


def _serve_blog(lab: Lab, line: str) -> None:
    start, end = HTTPS.index("    ProxyPreserveHost"), HTTPS.index("    RequestHeader")
    apache.install(lab, f"{HTTPS[:start]}    {line}\n{HTTPS[end:]}\n{HTTP}")
    lab.server.write("/var/www/html/index.html", "<title>Shop</title><p>It works.</p>\n")
    lab.server.write("/var/www/html/blog/index.html", "<title>Blog</title><p>Posts.</p>\n")
    lab.undo(lambda: lab.server.sh("rm -rf /var/www/html/blog"))
    apache.start(lab)


@apache_scenario(
    outside="http.redirect-loop",
    server="server.redirect-loop",
    target=f"https://{site.NAME}/blog/",
    manual=NO_APPLICATION,
)
def apache_redirects_a_folder_into_itself(lab: Lab) -> None:
    """Redirect takes what is below its path, too: /blog/ becomes /blog//, and so on."""
    _serve_blog(lab, "Redirect permanent /blog /blog/")


@healthy_apache(target=f"https://{site.NAME}/blog/")
def apache_redirects_a_path_alone(lab: Lab) -> None:
    _serve_blog(lab, "RedirectMatch permanent ^/blog$ /blog/")


def _serve_blog_on(lab: Lab, address: str) -> None:
    blog = re.sub(r"    (?:Proxy|RequestHeader).*\n", "", HTTPS).replace("shop.ex", "blog.ex")
    blog = blog.replace("*:443", f"{address}:443").replace("/var/www/html", "/var/www/blog")
    lab.server.write("/var/www/blog/index.html", "<title>Blog</title><p>Notes on boats.</p>\n")
    lab.undo(lambda: lab.server.sh("rm -rf /var/www/blog"))
    apache.serve(lab, f"{HTTPS}\n{HTTP}\n{blog}")


@apache_scenario(outside=None, server="server.wrong-site", differs=FILES)
def apache_site_of_an_address_hides_all_names(lab: Lab) -> None:
    """<VirtualHost ADDRESS:443> of another site: Apache looks for names on that address alone."""
    _serve_blog_on(lab, SERVER)


@healthy_apache()
def apache_site_of_an_address_that_visitors_do_not_reach(lab: Lab) -> None:
    _serve_blog_on(lab, "127.0.0.5")


@healthy_apache()
def apache_site_of_an_inner_address_that_this_machine_prefers(lab: Lab) -> None:
    """/etc/hosts leads the name to the address of another site, on this machine alone."""
    lab.server.sh("ip addr add 10.0.0.5/24 dev lo", check=False)
    lab.undo(lambda: lab.server.sh("ip addr del 10.0.0.5/24 dev lo", check=False))
    hosts = lab.server.read("/etc/hosts")
    lab.server.write("/etc/hosts", f"10.0.0.5 {site.NAME}\n{hosts}")
    _serve_blog_on(lab, "10.0.0.5")


_NO_TLS = "".join(line for line in HTTPS.splitlines(keepends=True) if "SSL" not in line)
#: The block of a package's ssl.conf.
_SSL_CONF = "".join(
    line
    for line in HTTPS.replace("*:443", "_default_:443").splitlines(keepends=True)
    if "Virtual" in line or "SSL" in line
)
_TWIN = HTTPS.replace("ServerName shop", "ServerName www.shop")


@apache_scenario(outside="tls.plain-http", server="server.tls-off", differs=FILES)
def apache_certificate_stands_in_another_block(lab: Lab) -> None:
    """Issue 896 of GrahamDumpleton/mod_wsgi: ssl.conf has SSLEngine and the certificate in a block
    of its own, which count for no other."""
    apache.serve(lab, f"{_NO_TLS}\n{_SSL_CONF}\n{HTTP}")


@healthy_apache()
def apache_certificate_stands_in_both_blocks(lab: Lab) -> None:
    apache.serve(lab, f"{HTTPS}\n{_SSL_CONF}\n{HTTP}")


def _two_names(lab: Lab, twin: str) -> None:
    """The first site redirects to the other one's name."""
    lab.dns([SERVER], name=f"{site.NAME} www.{site.NAME}")
    first = "".join(line for line in OTHER.splitlines(keepends=True) if "Proxy" not in line)
    moved = "    Redirect permanent / https://www.shop.example.com/\n</VirtualHost>"
    apache.install(lab, f"{first.replace('</VirtualHost>', moved)}\n{twin}\n{HTTP}")
    other_certificate(lab)
    both = certificates.leaf("www.shop.example.com", site.NAME)
    lab.server.write(apache.PEM, both.chain)
    lab.server.write(apache.KEY, both.key_pem, 0o600)
    apache.start(lab)


@apache_scenario(outside="certificate.name-mismatch", server="server.wrong-site", differs=FILES)
def apache_site_of_the_certificate_lacks_the_name(lab: Lab) -> None:
    """Pull request 769 of quick-lint/quick-lint-js: the certificate has both names, the site one of
    them, and the first site answers with a redirect."""
    _two_names(lab, _TWIN)


@healthy_apache()
def apache_site_of_the_certificate_has_both_names(lab: Lab) -> None:
    line = "ServerName www.shop.example.com\n"
    _two_names(lab, _TWIN.replace(line, f"{line}    ServerAlias shop.example.com\n"))
