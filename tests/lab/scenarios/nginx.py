"""nginx itself."""

import time

from cryptography.x509.oid import ExtendedKeyUsageOID

from .. import certificates, site
from ..build_nginx import FOLDER
from ..hosts import until
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
OTHER = "/etc/nginx/conf.d/blog.conf"  # before shop.conf, and so the default
KEY = "the right key has to be found"
TYPING = "what was meant is for a person to say"
WITHOUT_SSL = FOLDER / "nginx"
#: Platforms that have no sites-enabled, and those that have no /usr/sbin/nginx.
NO_LINKS = "only Debian has sites-enabled"
LINKS = dict.fromkeys(("redhat", "nginx.org", "built-*", "panel"), NO_LINKS)
BUILT = dict.fromkeys(("built-*", "panel"), "no packaged nginx is there")

BLOG = """\
server {
  listen 443 ssl;
  server_name blog.example.com;
  ssl_certificate /etc/nginx/ssl/blog.pem;
  ssl_certificate_key /etc/nginx/ssl/blog.key;

  location / {
    return 200 "blog";
  }
}
"""
WITH_ADDRESS = f"""\
server {{
  listen {SERVER}:443 ssl;
  server_name mail.{site.NAME};
  ssl_certificate {site.PEM};
  ssl_certificate_key {site.KEY};
  return 404;
}}
"""
WWW = f"""\
server {{
  listen 443 ssl;
  server_name www.{site.NAME};
  ssl_certificate {site.PEM};
  ssl_certificate_key {site.KEY};
  return 301 https://{site.NAME}$request_uri;
}}
"""
REJECTING = """\
server {
  listen 443 ssl default_server;
  server_name _;
  ssl_reject_handshake on;
}
"""


def catch_all(text: str) -> str:
    """A default block with the shop's certificate, no name, and this text."""
    return f"""\
server {{
  listen 443 ssl default_server;
  server_name _;
  ssl_certificate {site.PEM};
  ssl_certificate_key {site.KEY};
  {text}
}}
"""


def another_site(lab: Lab) -> None:
    leaf = certificates.leaf("blog.example.com")
    lab.server.write("/etc/nginx/ssl/blog.pem", leaf.chain)
    lab.server.write("/etc/nginx/ssl/blog.key", leaf.key_pem, 0o600)
    lab.server.write(OTHER, BLOG)


def beside(lab: Lab) -> None:
    """A block of www, with the shop's certificate and key."""
    lab.server.write("/etc/nginx/conf.d/www.conf", WWW)


def mistyped(lab: Lab) -> None:
    lab.change("ssl;\n  server_name shop.example.com", "ssl;\n  server_name shpo.example.com")


def later(lab: Lab) -> None:
    """Files carry times, processes too: what is edited next is plainly newer than nginx."""
    time.sleep(1.2)


def start_in_vain(lab: Lab) -> None:
    """As after a boot: nginx refuses this configuration."""
    lab.stop_nginx()
    lab.try_to_start_nginx()


@scenario(outside="tcp.refused", server="nginx.not-running")
def nginx_is_stopped(lab: Lab) -> None:
    """It is there, it is configured, it does not run."""
    lab.stop_nginx()


@scenario(outside="tcp.refused", server="nginx.not-running")
def nginx_was_killed(lab: Lab) -> None:
    """Its pid file still names it."""
    lab.server.kill(lab.server.pids("nginx"))
    until(lambda: not lab.server.pids("nginx"), "nginx ends")


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def semicolon_forgotten(lab: Lab) -> None:
    """And so nginx does not start."""
    lab.edit("server_name shop.example.com;\n\n  ssl", "server_name shop.example.com\n\n  ssl")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def semicolon_forgotten_between_two_directives_of_a_line(lab: Lab) -> None:
    """`proxy_pass http://127.0.0.1:3000 proxy_http_version 1.1;`"""
    head = "location / {\n    proxy_pass http://127.0.0.1:3000"
    lab.edit(f"{head};\n    proxy", f"{head} proxy")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def brace_forgotten(lab: Lab) -> None:
    """The file ends before its last block does."""
    lab.server.write(site.CONF, site.configuration().rstrip().removesuffix("}"))
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", differs=MINE)
def directive_mistyped(lab: Lab) -> None:
    """proxy_passs."""
    lab.edit("proxy_pass http", "proxy_passs http")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.config-invalid", manual=TYPING)
def included_file_is_missing(lab: Lab) -> None:
    """include of a file that is not there."""
    lab.edit("ssl_session_timeout 5m;", "include /etc/nginx/snippets/tls.conf;")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.key-mismatch", differs=MINE)
def key_of_another_certificate(lab: Lab) -> None:
    """Issued anew; the block of www names the new key, that of the shop the old one still."""
    beside(lab)
    lab.server.write("/etc/nginx/ssl/old.key", certificates.leaf("other.example.com").key_pem)
    lab.edit(site.KEY, "/etc/nginx/ssl/old.key")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.chain-order")
def intermediate_comes_first(lab: Lab) -> None:
    """cat intermediate.pem site.pem"""
    good = certificates.good()
    lab.server.write(site.PEM, certificates.intermediate().pem + good.pem)
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.key-mismatch", differs=MINE)
def key_of_last_year(lab: Lab) -> None:
    """The new certificate was named, and its new key lies beside the old one."""
    old = certificates.leaf(starts=-360, ends=5)
    lab.server.write("/etc/nginx/ssl/shop-2025.crt", old.chain)
    lab.server.write("/etc/nginx/ssl/shop-2025.key", old.key_pem, 0o600)
    lab.edit(site.KEY, "/etc/nginx/ssl/shop-2025.key")
    start_in_vain(lab)


@scenario(
    outside="tcp.refused", server="nginx.key-mismatch", manual="which of two is a person's choice"
)
def key_of_last_year_without_the_new_one(lab: Lab) -> None:
    """The old pair lies there, and may have been revoked: the new certificate was named."""
    old = certificates.leaf(starts=-360, ends=5)
    lab.server.write("/etc/nginx/ssl/shop-2025.crt", old.chain)
    lab.server.write("/etc/nginx/ssl/shop-2025.key", old.key_pem, 0o600)
    lab.edit(site.KEY, "/etc/nginx/ssl/shop-2025.key")
    lab.server.sh(f"rm {site.KEY}")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.certificate-file-missing", manual=KEY)
def key_of_rsa_is_missing_beside_a_pair_of_ecdsa(lab: Lab) -> None:
    """The pair that is there is named already."""
    rsa = certificates.leaf(key="rsa")
    lab.server.write("/etc/nginx/ssl/rsa.pem", rsa.chain)
    lines = "ssl_certificate /etc/nginx/ssl/rsa.pem;\n  ssl_certificate_key /etc/nginx/ssl/rsa.key;"
    lab.edit("  ssl_session_timeout", f"  {lines}\n  ssl_session_timeout")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.certificate-file-missing", differs=MINE)
def certificate_file_is_missing_and_the_company_has_one(lab: Lab) -> None:
    """That of the company ends later, and no visitor trusts it; a client's is no server's."""
    for name, issued in (
        ("a", certificates.leaf(ends=60)),
        ("b", certificates.leaf(issuer=certificates.private_root(), ends=700)),
        ("c", certificates.leaf(usage=ExtendedKeyUsageOID.CLIENT_AUTH, ends=300)),
    ):
        lab.server.write(f"/etc/nginx/ssl/{name}.pem", issued.chain)
        lab.server.write(f"/etc/nginx/ssl/{name}.key", issued.key_pem, 0o600)
    lab.server.sh(f"rm {site.PEM} {site.KEY}")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.certificate-file-missing", differs=MINE)
def certificate_file_is_missing(lab: Lab) -> None:
    """A slip in its path."""
    lab.edit("shop.example.com.pem", "shop.exmaple.com.pem")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.certificate-file-missing", differs=MINE)
def key_file_is_missing(lab: Lab) -> None:
    """A slip in its path; the block of www has it right."""
    beside(lab)
    lab.edit("shop.example.com.key", "shop.exmaple.com.key")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.pem-invalid", manual="a new file is needed")
def certificate_file_is_empty(lab: Lab) -> None:
    """As a failed renewal left it."""
    lab.server.write(site.PEM, "")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.pem-invalid")
def certificates_joined_without_a_line_break(lab: Lab) -> None:
    """-----END CERTIFICATE----------BEGIN CERTIFICATE-----"""
    good = certificates.good()
    lab.server.write(site.PEM, good.pem.rstrip() + certificates.intermediate().pem)
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.pem-invalid", differs=MINE)
def certificate_and_key_swapped(lab: Lab) -> None:
    """Each in the other's place."""
    lab.edit("ssl_certificate /", "ssl_certificate_x /")
    lab.edit("ssl_certificate_key /", "ssl_certificate /")
    lab.edit("ssl_certificate_x /", "ssl_certificate_key /")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.no-certificate", differs=MINE)
def certificate_is_not_named(lab: Lab) -> None:
    """listen 443 ssl, and neither certificate nor key."""
    lab.edit("  ssl_certificate /etc/nginx/ssl/shop.example.com.pem;\n", "")
    lab.edit("  ssl_certificate_key /etc/nginx/ssl/shop.example.com.key;\n", "")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.no-certificate", differs=MINE)
def key_is_not_named(lab: Lab) -> None:
    """The certificate is, its key is not; the block of www has both."""
    beside(lab)
    lab.edit("  ssl_certificate_key /etc/nginx/ssl/shop.example.com.key;\n", "")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.no-certificate", manual="which certificate?")
def another_block_made_the_socket_one_of_tls(lab: Lab) -> None:
    """listen 443; in a block without certificate, beside the shop's listen 443 ssl;"""
    lab.server.write(OTHER, "server {\n  listen 443;\n  server_name blog.example.com;\n}\n")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.bad-character", differs=MINE)
def full_width_semicolon(lab: Lab) -> None:
    """Typed with a Chinese keyboard."""
    lab.edit("ssl_session_timeout 5m;", "ssl_session_timeout 5m\uff1b")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.bad-character", differs=MINE)
def no_break_space(lab: Lab) -> None:
    """Copied from a web page."""
    lab.edit("  ssl_session_timeout 5m;", "\u00a0 ssl_session_timeout 5m;")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.bad-character", differs=MINE)
def byte_order_mark(lab: Lab) -> None:
    """Saved on Windows."""
    lab.server.write(site.CONF, "\ufeff" + site.configuration())
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.upstream-unresolvable", differs=MINE)
def application_by_a_name_without_address(lab: Lab) -> None:
    """proxy_pass http://backend:3000; as inside a container network."""
    lab.edit("http://127.0.0.1:3000", "http://backend:3000")
    start_in_vain(lab)


@scenario(
    outside="tcp.refused", server="nginx.duplicate-default-server", differs=MINE
)  # fmt: skip
def two_default_servers(lab: Lab) -> None:
    """The blog's block is the default already."""
    another_site(lab)
    lab.edit("listen 443 ssl;", "listen 443 ssl default_server;", OTHER)
    lab.edit("listen 443 ssl;", "listen 443 ssl default_server;")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.address-unavailable", differs=MINE)
def listens_on_an_address_of_the_cloud(lab: Lab) -> None:
    """An address that this machine does not have."""
    lab.edit("listen 443 ssl;", "listen 198.51.100.77:443 ssl;")
    start_in_vain(lab)


@scenario(outside=None, server="nginx.config-invalid", differs=MINE)
def broken_since_the_last_start(lab: Lab) -> None:
    """The running nginx goes on with what it has; the next start will fail."""
    later(lab)
    lab.edit("server_name shop.example.com;", "server_name shop.example.com")


@scenario(outside="tls.plain-http", server="nginx.listen-without-ssl", differs=MINE)
def ssl_forgotten(lab: Lab) -> None:
    """listen 443; without ssl."""
    lab.change("listen 443 ssl;", "listen 443;")


@scenario(outside="tls.plain-http", server="nginx.listen-without-ssl", ipv6=True, differs=MINE)
def ssl_forgotten_in_both_families(lab: Lab) -> None:
    """listen 443; listen [::]:443; both without ssl."""
    lab.edit("listen 443 ssl;", "listen 443;")
    lab.change("listen [::]:443 ssl;", "listen [::]:443;")


@scenario(
    outside="certificate.name-mismatch", server="nginx.no-matching-server", differs=MINE
)  # fmt: skip
def server_name_mistyped(lab: Lab) -> None:
    """shpo.example.com: another site's block answers, with its certificate."""
    another_site(lab)
    mistyped(lab)


@scenario(
    outside="websocket.not-upgraded", server="nginx.no-matching-server", differs=MINE,
    args=("--ws", "/ws"),
)  # fmt: skip
def comma_between_server_names(lab: Lab) -> None:
    """After questions on Stack Overflow; the default block has the same certificate."""
    lab.server.write("/etc/nginx/conf.d/00-default.conf", catch_all("return 404;"))
    names = f"{site.NAME}, www.{site.NAME}"
    lab.change(f"ssl;\n  server_name {site.NAME};", f"ssl;\n  server_name {names};")


@scenario(outside=None, server="nginx.no-matching-server", differs=MINE)
def server_name_mistyped_and_default_refuses(lab: Lab) -> None:
    """shpo.example.com, and a default block with the same certificate that returns 404."""
    lab.server.write("/etc/nginx/conf.d/00-default.conf", catch_all("return 404;"))
    mistyped(lab)


@scenario(outside=None, server="nginx.no-matching-server", differs=MINE)
def server_name_mistyped_beside_a_blog(lab: Lab) -> None:
    """shpo.example.com: visitors get the blog, and the certificate is for both."""
    leaf = certificates.leaf(site.NAME, "blog.example.com")
    lab.install(leaf.chain, leaf.key_pem)
    blog = BLOG.replace("blog.pem", f"{site.NAME}.pem").replace("blog.key", f"{site.NAME}.key")
    lab.server.write(OTHER, blog)
    mistyped(lab)


@scenario(
    outside=None, server="nginx.no-matching-server", manual="the block has to be written"
)  # fmt: skip
def no_block_has_the_name(lab: Lab) -> None:
    """The shop's name is not in the file: a wildcard certificate, and every path denied."""
    lab.server.write("/etc/nginx/conf.d/00-default.conf", catch_all("location / { deny all; }"))
    lab.change("ssl;\n  server_name shop.example.com", "ssl;\n  server_name www.example.net")


@scenario(outside="http.not-the-site", server="nginx.no-matching-server", differs=MINE)
def server_name_mistyped_and_default_welcomes(lab: Lab) -> None:
    """shpo.example.com, and the default block has the page that nginx brings along."""
    lab.server.write("/etc/nginx/conf.d/00-default.conf", catch_all("root /srv/new;"))
    lab.server.write("/srv/new/index.html", "<title>Welcome to nginx!</title>\n")
    mistyped(lab)


@scenario(outside="tls.name-rejected", server="nginx.no-matching-server", differs=MINE)
def server_name_mistyped_and_default_rejects(lab: Lab) -> None:
    """shpo.example.com, and a default block with ssl_reject_handshake."""
    lab.server.write("/etc/nginx/conf.d/default.conf", REJECTING)
    mistyped(lab)


@scenario(
    outside="tls.name-rejected", server="nginx.no-matching-server", differs=MINE,
    args=("--ws", "/ws"),
)  # fmt: skip
def server_name_of_a_websocket_mistyped(lab: Lab) -> None:
    """The default block, which rejects the name, has no location for the WebSocket either."""
    server_name_mistyped_and_default_rejects(lab)


@scenario(
    outside="certificate.name-mismatch", server="nginx.no-matching-server", differs=MINE,
    also=("websocket.not-upgraded",), args=("--ws", "/ws"),
)  # fmt: skip
def another_site_answers_a_websocket(lab: Lab) -> None:
    """shpo.example.com: the other site's block serves files, and does not proxy."""
    server_name_mistyped(lab)


@scenario(
    outside="certificate.name-mismatch",
    server="nginx.no-matching-server",
    manual="the block has to be written",
)
def site_only_on_port_80(lab: Lab) -> None:
    """The shop has a block for port 80; on 443 there is only the blog."""
    another_site(lab)
    lab.change(site.HTTPS, "")


@scenario(
    outside="dns.addresses-differ",
    server="nginx.name-on-other-address",
    differs=MINE,
    ipv6=True,
)
def blog_alone_on_ipv6(lab: Lab) -> None:
    """The shop has no `listen [::]:443`; the blog has. Visitors with IPv4 notice nothing."""
    another_site(lab)
    lab.edit("listen 443 ssl;", "listen 443 ssl;\n  listen [::]:443 ssl;", OTHER)
    lab.change("  listen [::]:443 ssl;\n", "")


@scenario(outside="certificate.name-mismatch", server="nginx.name-on-other-address", differs=MINE)
def blog_takes_the_address(lab: Lab) -> None:
    """`listen 203.0.113.10:443` beside the shop's `listen 443`."""
    another_site(lab)
    lab.edit("listen 443 ssl;", f"listen {SERVER}:443 ssl;", OTHER)
    lab.restart_nginx()


@scenario(
    outside="dns.addresses-differ",
    server="nginx.name-on-other-address",
    differs=MINE,
    ipv6=True,
)
def block_with_the_address_and_the_same_certificate(lab: Lab) -> None:
    """After questions on Server Fault: a wildcard certificate for all, and a block for the mail
    that has the address in its `listen`. Visitors with IPv4 get its 404."""
    lab.server.write(OTHER, WITH_ADDRESS)
    lab.restart_nginx()


DEFAULT_404 = """\
server {
  listen 80 default_server;
  server_name localhost;
  return 404;
}
"""


def _port_80_on(lab: Lab, *listens: str) -> None:
    """The site's block of port 80 listens on these addresses, beside another default block."""
    lines = "\n  ".join(f"listen {address};" for address in listens)
    lab.server.write(site.CONF, DEFAULT_404 + site.configuration().replace("listen 80;", lines))
    lab.restart_nginx()


@scenario(
    outside=None, server="nginx.name-on-other-address", target=f"http://{site.NAME}/", differs=MINE
)
def plain_http_on_ipv6_alone(lab: Lab) -> None:
    """https://github.com/centminmod/centminmod/issues/36: `listen 80` was changed to
    `listen [::]:80`, and visitors with IPv4 get the default block's 404."""
    _port_80_on(lab, "[::]:80")


@healthy(target=f"http://{site.NAME}/")
def plain_http_on_both_families(lab: Lab) -> None:
    _port_80_on(lab, "[::]:80", "80")


@scenario(outside=None, server="nginx.name-on-other-address", differs=MINE)
def port_80_on_ipv6_alone_beside_https(lab: Lab) -> None:
    """The same, asked by the bare name: who types it without https gets the 404."""
    _port_80_on(lab, "[::]:80")


@healthy()
def port_80_on_both_families_beside_https(lab: Lab) -> None:
    _port_80_on(lab, "[::]:80", "80")


REFUSING = f"""\
server {{
  listen 443 ssl default_server;
  server_name _;
  ssl_certificate /etc/nginx/ssl/{site.NAME}.pem;
  ssl_certificate_key /etc/nginx/ssl/{site.NAME}.key;
  return 444;
}}
"""


def _beside_a_block_that_refuses(lab: Lab, address: str) -> None:
    lab.server.write(OTHER, REFUSING)
    lab.edit("listen 443 ssl;", f"listen {address}443 ssl;")
    lab.restart_nginx()


@scenario(outside="http.server-error", server="nginx.name-on-other-address", differs=MINE)
def site_listens_on_loopback_alone(lab: Lab) -> None:
    """A block for other names takes all visitors, and closes their connections."""
    _beside_a_block_that_refuses(lab, "127.0.0.1:")


@healthy()
def site_beside_a_block_that_refuses_other_names(lab: Lab) -> None:
    _beside_a_block_that_refuses(lab, "")


# What ran before a reload is known to nobody after it.
@scenario(outside="tcp.refused", server="nginx.reload-needed", keeps=("listeners",))
def https_added_and_not_loaded(lab: Lab) -> None:
    """The block is in the file; nginx was not told."""
    lab.change(site.HTTPS, "")
    later(lab)
    lab.server.write(site.CONF, site.configuration())


@scenario(outside="tcp.refused", server="nginx.config-invalid", keeps=("listeners",))
def https_added_with_a_slip(lab: Lab) -> None:
    """The block is in the file with a directive that nginx does not know: it goes on without."""
    lab.change(site.HTTPS, "")
    later(lab)
    lab.server.write(site.CONF, site.configuration().replace("proxy_pass ", "proxy_passs "))


@scenario(outside="certificate.name-mismatch", server="nginx.reload-needed")
def server_name_corrected_and_not_loaded(lab: Lab) -> None:
    """The typing error is mended in the file; nginx was not told."""
    another_site(lab)
    mistyped(lab)
    later(lab)
    lab.server.write(site.CONF, site.configuration())


@scenario(outside="websocket.not-upgraded", server="nginx.reload-needed", args=("--ws", "/ws"))
def upgrade_added_and_not_loaded(lab: Lab) -> None:
    """The Upgrade headers are in the file; nginx was not told."""
    lab.change("    proxy_set_header Upgrade $http_upgrade;\n", "")
    later(lab)
    lab.server.write(site.CONF, site.configuration())


def no_such_nginx() -> str:
    return "" if WITHOUT_SSL.exists() else f"{WITHOUT_SSL} is not built: tests/lab/build_nginx.py"


@scenario(
    outside="tcp.refused",
    server="nginx.ssl-module-missing",
    manual="nginx has to be built again",
    needs=no_such_nginx,
    not_on=BUILT,
)
def nginx_without_ssl(lab: Lab) -> None:
    """Built by ./configure without --with-http_ssl_module; it does not start."""
    original = lab.server.path("/usr/sbin/nginx").read_bytes()
    lab.undo(lambda: lab.server.write("/usr/sbin/nginx", original, 0o755))
    lab.stop_nginx()
    lab.server.path("/usr/sbin/nginx").unlink()
    lab.server.write("/usr/sbin/nginx", WITHOUT_SSL.read_bytes(), 0o755)
    lab.try_to_start_nginx()


@healthy()
def two_sites_on_443(lab: Lab) -> None:
    """Another site's certificate is the default; with the name the right one comes."""
    another_site(lab)
    lab.restart_nginx()


@healthy()
def ssl_inherited_from_another_block(lab: Lab) -> None:
    """ssl belongs to the socket: listen 443; is enough where another block says ssl."""
    another_site(lab)
    lab.change("listen 443 ssl;", "listen 443;")


@healthy()
def default_block_rejects_other_names(lab: Lab) -> None:
    """ssl_reject_handshake for strangers, and the shop has its block."""
    lab.server.write("/etc/nginx/conf.d/default.conf", REJECTING)
    lab.restart_nginx()


@healthy()
def mistyped_but_alone(lab: Lab) -> None:
    """The only block on 443 is the default: its server_name decides nothing."""
    mistyped(lab)


@healthy()
def default_block_refuses_other_names(lab: Lab) -> None:
    """404 for strangers, and the shop has its block."""
    lab.server.write("/etc/nginx/conf.d/00-default.conf", catch_all("return 404;"))
    lab.reload()


@healthy()
def www_without_a_certificate(lab: Lab) -> None:
    """www.shop.example.com in server_name, and not in the certificate. That is a note."""
    lab.change(
        f"ssl;\n  server_name {site.NAME};", f"ssl;\n  server_name {site.NAME} www.{site.NAME};"
    )


@healthy()
def server_name_by_wildcard(lab: Lab) -> None:
    """*.example.com in server_name."""
    another_site(lab)
    lab.change("server_name shop.example.com;", "server_name *.example.com;")


@healthy()
def server_name_by_expression(lab: Lab) -> None:
    """A regular expression in server_name."""
    another_site(lab)
    lab.change("server_name shop.example.com;", "server_name ~^(shop|store)\\.example\\.com$;")


@healthy(not_on={**LINKS, "debian": "it is so from the beginning"})
def site_in_sites_enabled(lab: Lab) -> None:
    """Debian's layout: a link in sites-enabled."""
    lab.server.path(site.CONF).unlink()
    lab.server.write("/etc/nginx/sites-available/shop", site.configuration())
    lab.server.sh("ln -s ../sites-available/shop /etc/nginx/sites-enabled/shop")
    lab.restart_nginx()


@healthy()
def edited_without_effect(lab: Lab) -> None:
    """A comment was added since the last start: newer, and not different."""
    later(lab)
    lab.server.write(site.CONF, f"# shop\n{site.configuration()}")
