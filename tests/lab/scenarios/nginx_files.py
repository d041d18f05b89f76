"""What nginx -t refuses: directives, parameters, keys; and what nginx may not without root."""

import subprocess
import time

from .. import certificates, site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .nginx import LINKS, MINE, another_site, later, start_in_vain

SNIPPET = "/etc/nginx/snippets/tls.conf"
MAIN = "/etc/nginx/nginx.conf"
CERTIFICATES = "/etc/nginx/certs"
MODULE = "the module has to be installed"
PASSPHRASE = "who knows the passphrase?"


def openssl(lab: Lab, *words: str) -> str:
    done = subprocess.run(
        ["openssl", *words], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin"}
    )
    return done.stdout


def in_a_snippet(lab: Lab, line: str) -> None:
    """The shop's block includes a file with this line."""
    lab.server.write(SNIPPET, f"# for every site\n{line}\n")
    lab.edit("  ssl_session_timeout 5m;", f"  include {SNIPPET};\n  ssl_session_timeout 5m;")


# Directives of other versions and modules


@scenario(outside="tcp.refused", server="nginx.directive-unsupported", differs=MINE)
def ssl_on_since_removed(lab: Lab) -> None:
    """listen 443; ssl on; as written for nginx 1.14."""
    lab.edit("  listen 443 ssl;", "  listen 443;\n  ssl on;")
    start_in_vain(lab)


@scenario(
    outside=None,
    server="nginx.directive-unsupported",
    differs=(*MINE, "/etc/nginx/conf.d/blog.conf"),
)
def ssl_on_in_two_sites_and_still_running(lab: Lab) -> None:
    """nginx was upgraded on disk; the running one goes on with what it has."""
    another_site(lab)
    lab.restart_nginx()
    later(lab)
    for path in (site.CONF, "/etc/nginx/conf.d/blog.conf"):
        lab.edit("  listen 443 ssl;", "  listen 443; ssl on;", path)


@scenario(
    outside="tcp.refused", server="nginx.directive-unsupported", differs=(*MINE, SNIPPET), ipv6=True
)
def ssl_on_in_a_snippet(lab: Lab) -> None:
    """ssl on; comes by an include, listen stands in the block, in both families."""
    in_a_snippet(lab, "ssl on;")
    lab.edit("  listen 443 ssl;\n  listen [::]:443 ssl;", "  listen 443;\n  listen [::]:443;")
    start_in_vain(lab)


@scenario(
    outside=None, server="nginx.config-invalid", manual="is the other site wanted?", not_on=LINKS
)
def link_of_another_site_leads_nowhere(lab: Lab) -> None:
    """`cd /etc/nginx; ln -s sites-available/blog sites-enabled/`, as some guides have it: nginx
    goes on with what it has loaded."""
    later(lab)
    lab.server.sh("cd /etc/nginx; ln -s sites-available/blog sites-enabled/blog")


@scenario(outside="tcp.refused", server="nginx.directive-unsupported", differs=MINE)
def spdy_since_removed(lab: Lab) -> None:
    """listen 443 ssl spdy; from the days of nginx 1.8."""
    lab.edit("listen 443 ssl;", "listen 443 ssl spdy;")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.directive-unsupported", manual=MODULE)
def brotli_is_not_there(lab: Lab) -> None:
    """brotli on; copied from another server."""
    lab.edit("ssl_session_timeout 5m;", "brotli on;")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.directive-unsupported", manual=MODULE)
def headers_more_is_not_there(lab: Lab) -> None:
    """more_set_headers in a snippet."""
    in_a_snippet(lab, 'more_set_headers "Server: shop";')
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.directive-unsupported", manual=MODULE)
def stream_is_not_there(lab: Lab) -> None:
    """A stream block in nginx.conf; the module is a package of its own."""
    lab.edit("http {", "stream {\n}\n\nhttp {", MAIN)
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.directive-unsupported", differs=(MAIN,))
def module_was_uninstalled(lab: Lab) -> None:
    """load_module stayed, its file went, and nothing uses it."""
    text = lab.server.read(MAIN)
    lab.server.write(MAIN, f"load_module modules/ngx_stream_module.so;\n{text}".encode())
    start_in_vain(lab)


@scenario(outside=None, server="nginx.config-invalid", manual="what was meant?")
def mistyped_like_a_module(lab: Lab) -> None:
    """brotly on; no module has it."""
    later(lab)
    lab.edit("ssl_session_timeout 5m;", "brotly on;")


@scenario(
    outside="tcp.refused",
    server="nginx.directive-unsupported",
    differs=("/etc/nginx/sites-available/shop",),
    not_on={**LINKS, "debian": "it is so from the beginning"},
)
def ssl_on_behind_a_link(lab: Lab) -> None:
    """Debian's layout: sites-enabled holds a link to the file in sites-available."""
    lab.edit("  listen 443 ssl;", "  listen 443;\n  ssl on;")
    lab.server.sh(f"""
        mv {site.CONF} /etc/nginx/sites-available/shop
        ln -s ../sites-available/shop /etc/nginx/sites-enabled/shop
    """)
    start_in_vain(lab)


# What OpenSSL refuses


@scenario(outside="tcp.refused", server="nginx.weak-parameters", differs=MINE)
def ciphers_that_nobody_knows(lab: Lab) -> None:
    """A slip, and nothing is left of the list."""
    lab.edit("ssl_session_timeout 5m;", "ssl_ciphers ECHDE-RSA-AES128-GCM-SHA256;")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.weak-parameters", differs=(*MINE, SNIPPET))
def ciphers_of_tls_1_3_in_a_snippet(lab: Lab) -> None:
    """TLS_AES_128_GCM_SHA256 is no name for ssl_ciphers."""
    in_a_snippet(lab, 'ssl_ciphers "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";')
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.weak-parameters", differs=MINE)
def parameters_of_1024_bits(lab: Lab) -> None:
    """dhparam.pem was made ten years ago."""
    text = openssl(lab, "dhparam", "-dsaparam", "1024")
    lab.server.write("/etc/nginx/dhparam.pem", text)
    lab.edit("ssl_session_timeout 5m;", "ssl_dhparam /etc/nginx/dhparam.pem;")
    start_in_vain(lab)


@scenario(outside=None, server="nginx.weak-parameters", differs=MINE)
def parameters_of_512_bits_and_still_running(lab: Lab) -> None:
    """A relative path; the next start will fail."""
    later(lab)
    lab.server.write("/etc/nginx/dh.pem", openssl(lab, "dhparam", "512"))
    lab.edit("ssl_session_timeout 5m;", "ssl_dhparam dh.pem;")


@scenario(outside="tcp.refused", server="nginx.weak-parameters", differs=MINE)
def curve_that_nobody_knows(lab: Lab) -> None:
    """X25518."""
    lab.edit("ssl_session_timeout 5m;", "ssl_ecdh_curve X25518:prime256v1;")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.weak-parameters", manual="a new certificate")
def certificate_of_1024_bits_refused(lab: Lab) -> None:
    """OpenSSL's security level 2 takes 2048 bits at least."""
    weak = certificates.leaf(key="rsa1024")
    lab.server.write(site.PEM, weak.chain)
    lab.server.write(site.KEY, weak.key_pem, 0o600)
    start_in_vain(lab)


@healthy()
def parameters_of_4096_bits(lab: Lab) -> None:
    """Large ones (RFC 7919's, as they take long to make)."""
    text = openssl(lab, "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe4096")
    lab.server.write("/etc/nginx/dhparam.pem", text)
    lab.change("ssl_session_timeout 5m;", "ssl_dhparam /etc/nginx/dhparam.pem;")


@healthy()
def http2_in_the_old_way(lab: Lab) -> None:
    """listen 443 ssl http2; is obsolete, and works: nginx -t warns."""
    lab.change("listen 443 ssl;", "listen 443 ssl http2;")


# Encrypted keys


def encrypted(lab: Lab, *form: str) -> str:
    done = subprocess.run(
        ["openssl", *(form or ("pkey",)), "-aes256", "-passout", "pass:swordfish"],
        input=certificates.good().key_pem, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@scenario(outside="tcp.refused", server="nginx.key-encrypted", manual=PASSPHRASE)
def key_is_encrypted(lab: Lab) -> None:
    """ENCRYPTED PRIVATE KEY, as the authority's instructions made it."""
    lab.server.write(site.KEY, encrypted(lab), 0o600)
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.key-encrypted", manual=PASSPHRASE)
def key_is_encrypted_in_the_old_form(lab: Lab) -> None:
    """EC PRIVATE KEY with Proc-Type: 4,ENCRYPTED (RFC 1421)."""
    lab.server.write(site.KEY, encrypted(lab, "ec"), 0o600)
    start_in_vain(lab)


@scenario(outside=None, server="nginx.key-encrypted", manual=PASSPHRASE)
def key_is_encrypted_and_still_running(lab: Lab) -> None:
    """Somebody typed the passphrase when nginx was started; after a reboot nobody will."""
    later(lab)
    lab.server.write(site.KEY, encrypted(lab), 0o600)


@scenario(outside="tcp.refused", server="nginx.key-encrypted", manual=PASSPHRASE)
def passphrase_is_another_ones(lab: Lab) -> None:
    """ssl_password_file is there, and holds the passphrase of an earlier key."""
    lab.server.write(site.KEY, encrypted(lab), 0o600)
    lab.server.write("/etc/nginx/ssl/passwords", "marlin\n", 0o600)
    lab.edit("ssl_session_timeout 5m;", "ssl_password_file /etc/nginx/ssl/passwords;")
    start_in_vain(lab)


@healthy()
def key_is_encrypted_and_opened(lab: Lab) -> None:
    """ssl_password_file has the passphrase, among others."""
    lab.server.write(site.KEY, encrypted(lab), 0o600)
    lab.server.write("/etc/nginx/ssl/passwords", "marlin\nswordfish\n", 0o600)
    lab.change("ssl_session_timeout 5m;", "ssl_password_file /etc/nginx/ssl/passwords;")


# An nginx that is not root's

LIVE = f"/etc/letsencrypt/live/{site.NAME}"
ARCHIVE = f"/etc/letsencrypt/archive/{site.NAME}"


def of_certbot(lab: Lab, one: certificates.Issued, name: str = site.NAME) -> None:
    """As certbot lays them out, the second of its kind."""
    live, archive = LIVE.replace(site.NAME, name), ARCHIVE.replace(site.NAME, name)
    lab.server.write(f"{archive}/fullchain2.pem", one.chain)
    lab.server.write(f"{archive}/cert2.pem", one.pem)
    lab.server.write(f"{archive}/privkey2.pem", one.key_pem, 0o600)
    links = "".join(
        f"ln -sf ../../archive/{name}/{part}2.pem {live}/{part}.pem\n"
        for part in ("fullchain", "cert", "privkey")
    )
    lab.server.sh(f"mkdir -p {live}\n{links}")


@scenario(outside="tcp.refused", server="nginx.certificate-file-missing", differs=MINE)
def lineage_of_certbot_has_another_number(lab: Lab) -> None:
    """certbot made NAME-0001, the file names NAME; a lineage of tests lies there too.
    https://github.com/wmnnd/nginx-certbot/issues/138"""
    of_certbot(lab, certificates.good(), f"{site.NAME}-0001")
    of_certbot(lab, certificates.leaf("other.example.com"), "other.example.com")
    lab.edit(site.PEM, f"{LIVE}/fullchain.pem")
    lab.edit(site.KEY, f"{LIVE}/privkey.pem")
    lab.server.sh(f"rm -f {site.PEM} {site.KEY}")
    start_in_vain(lab)


LOGS = "/var/log/nginx"
#: Where systemd boots, root's unit starts nginx.
ROOTS = dict.fromkeys(
    ("debian", "redhat", "nginx.org", "built-*", "panel"), "root's unit starts it"
)
UNIX = "setpriv --reuid www-data --regid www-data --init-groups nginx"


def without_root(lab: Lab, ports_from: int = 1024, options: str = "", key: str = site.KEY) -> None:
    """nginx is started by www-data, who owns its logs; ports from this one on are for everybody."""
    lab.stop_nginx()
    setting = "net.ipv4.ip_unprivileged_port_start"
    lab.undo(lambda: lab.server.sh(f"sysctl -qw {setting}=1024; chown -R root:root {LOGS} {key}"))
    lab.server.sh(f"""
        sysctl -qw {setting}={ports_from}
        touch /run/nginx.pid
        chown -R www-data /run/nginx.pid {LOGS} /var/lib/nginx
    """)
    lab.server.run(["sh", "-c", f"{UNIX} {options}"])


def readable(lab: Lab, path: str = site.KEY) -> None:
    lab.server.sh(f"chgrp www-data {path}; chmod 640 {path}")


@scenario(outside="tcp.refused", server="nginx.port-permission", differs=(site.KEY,), not_on=ROOTS)
def started_by_www_data(lab: Lab) -> None:
    """As in a script of one's own: su -s /bin/sh www-data -c nginx."""
    readable(lab)
    without_root(lab)


@scenario(outside="tcp.refused", server="nginx.port-permission", differs=(site.KEY,), not_on=ROOTS)
def port_443_added_to_an_nginx_of_www_data(lab: Lab) -> None:
    """It has port 80, is told to reload, and may not have 443."""
    readable(lab)
    lab.edit(site.HTTPS, "")
    without_root(lab, 80)
    lab.server.sh("sysctl -qw net.ipv4.ip_unprivileged_port_start=1024")
    later(lab)
    lab.server.write(site.CONF, site.configuration())
    lab.server.run(["nginx", "-s", "reload"])
    time.sleep(0.3)


@scenario(outside="tcp.refused", server="nginx.certificate-unreadable", not_on=ROOTS)
def key_of_root_and_nginx_of_www_data(lab: Lab) -> None:
    """The first thing that it may not do is to read the key."""
    without_root(lab, 80, f"-e {LOGS}/error.log")


@scenario(
    outside="certificate.expired",
    server="nginx.certificate-unreadable",
    differs=(site.KEY,),
    not_on=ROOTS,
)
def renewed_key_is_roots_alone(lab: Lab) -> None:
    """nginx runs as www-data; root renewed the certificate, and the reload came to nothing."""
    old = certificates.leaf(starts=-95, ends=-5)
    lab.server.write(site.PEM, old.chain)
    lab.server.write(site.KEY, old.key_pem)
    readable(lab)
    without_root(lab, 80)
    later(lab)
    good = certificates.good()
    lab.server.write(site.PEM, good.chain)
    lab.server.path(site.KEY).unlink()
    lab.server.write(site.KEY, good.key_pem, 0o600)
    lab.server.run(["nginx", "-s", "reload"])
    time.sleep(0.3)


@scenario(
    outside=None,
    server="nginx.certificate-unreadable",
    differs=("/etc/letsencrypt/live", "/etc/letsencrypt/archive"),
    not_on=ROOTS,
)
def folder_of_certbot_is_shut(lab: Lab) -> None:
    """Links lead from live to archive, and both folders are root's since an update."""
    of_certbot(lab, certificates.good())
    lab.server.sh("chmod -R a+rX /etc/letsencrypt")
    lab.edit("/etc/nginx/ssl/shop.example.com.pem", f"{LIVE}/fullchain.pem")
    lab.edit("/etc/nginx/ssl/shop.example.com.key", f"{LIVE}/privkey.pem")
    without_root(lab, 80, key="/etc/letsencrypt")
    later(lab)
    lab.server.sh("chmod 700 /etc/letsencrypt/live /etc/letsencrypt/archive")


@healthy(not_on=ROOTS)
def nginx_of_www_data(lab: Lab) -> None:
    """Its key is its group's to read, its ports are everybody's."""
    readable(lab)
    without_root(lab, 80)


@healthy(not_on=ROOTS)
def was_refused_a_port_once(lab: Lab) -> None:
    """Somebody forgot sudo; then root started it."""
    readable(lab)
    without_root(lab)
    lab.start_nginx()


@healthy()
def key_behind_a_link_and_roots_alone(lab: Lab) -> None:
    """certbot's layout: live and archive are shut to all but root, who starts nginx."""
    of_certbot(lab, certificates.good())
    lab.server.sh("chmod 700 /etc/letsencrypt/live /etc/letsencrypt/archive")
    lab.edit("/etc/nginx/ssl/shop.example.com.pem", f"{LIVE}/fullchain.pem")
    lab.change("/etc/nginx/ssl/shop.example.com.key", f"{LIVE}/privkey.pem")


def certificates_by_name(lab: Lab, folder: str = CERTIFICATES, owner: str = "") -> None:
    """The names of the files hold a variable: a worker reads them at each handshake."""
    lab.server.sh(f"""
        mkdir -p {CERTIFICATES}
        cp {site.PEM} {CERTIFICATES}/{site.NAME}.crt
        install -m 600 -o {owner or lab.platform.user} {site.KEY} {CERTIFICATES}/{site.NAME}.key
    """)
    text = site.configuration().replace(site.PEM, f"{folder}/$ssl_server_name.crt")
    lab.configure(text.replace(site.KEY, f"{folder}/$ssl_server_name.key"))


@scenario(
    outside="tls.handshake-failed",
    server="nginx.variable-certificate",
    manual="where the file is has to be known",
    not_on=UNLOGGED,
)
def file_of_a_variable_name_is_missing(lab: Lab) -> None:
    """A folder that is not there, in a name with $ssl_server_name."""
    certificates_by_name(lab, "/etc/nginx/cert")


@scenario(
    outside="tls.handshake-failed",
    server="nginx.variable-certificate",
    manual="who may read a key is the administrator's choice",
    not_on=UNLOGGED,
)
def key_of_a_variable_name_is_roots_alone(lab: Lab) -> None:
    """The usual mode of a key, 0600 of root, and a name with $ssl_server_name."""
    certificates_by_name(lab, owner="root")


@healthy()
def certificates_by_name_are_readable(lab: Lab) -> None:
    """The same, and the workers may read both."""
    certificates_by_name(lab)


@scenario(
    outside=None, server="nginx.file-forbidden", manual="which data pages need, a person knows"
)
def tree_that_root_copied_with_a_mask(lab: Lab) -> None:
    """`umask 077; cp -r build /srv/copied` by root: the folder and all files are closed."""
    lab.server.write("/srv/copied/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/copied"))
    text = site.HTTPS
    pages = text[text.index("  location / {") : text.index("  location /ws")]
    lab.change(pages, "  location / {\n    root /srv/copied;\n  }\n\n")
    lab.server.sh("chmod -R go-rwx /srv/copied")


def _files_of_a_program(lab: Lab, mode: str) -> None:
    """nginx serves the files of an application from the folder of its owner."""
    lab.server.write("/srv/public/app.css", "body { margin: 0 }\n")
    lab.server.write("/srv/public/app.js", "document.title += '!';\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/public"))
    lab.server.sh(f"chown -R 1000:1000 /srv/public; chmod {mode} /srv/public/*")
    lab.change("  location /ws", "  location /static/ { alias /srv/public/; }\n\n  location /ws")


@scenario(
    outside=None, server="nginx.file-forbidden", target=f"https://{site.NAME}/static/app.css",
    differs=("/srv/public/app.css", "/srv/public/app.js"),
)  # fmt: skip
def files_of_a_program_that_only_its_owner_may_read(lab: Lab) -> None:
    """https://www.explaintopic.com/nginx/nginx-403-forbidden-when-serving-static-files-on-linux-1766324597.html"""
    _files_of_a_program(lab, "600")


@healthy(target=f"https://{site.NAME}/static/app.css")
def files_of_a_program_that_everybody_may_read(lab: Lab) -> None:
    _files_of_a_program(lab, "644")
