"""nginx at work: reloads that failed, files that no include reads, two blocks of one name, limits;
and what its error log says of all that."""

import re
import time
from pathlib import Path

from .. import certificates, site
from ..hosts import until
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .nginx import (
    BUILT,
    KEY,
    LINKS,
    MINE,
    OTHER,
    REJECTING,
    another_site,
    later,
    mistyped,
    start_in_vain,
)

LOG = "/var/log/nginx/error.log"


def now() -> str:
    return time.strftime("%Y/%m/%d %H:%M:%S")


def hang_up(lab: Lab) -> None:
    """`kill -HUP`, as nginx's own packages reload, and a hook that cannot know better."""
    said = len(lab.server.read(LOG))
    master = lab.server.read("/run/nginx.pid").strip()
    lab.server.run(["kill", "-HUP", master], check=True)
    # A port that is taken is tried five times, half a second apart.
    until(lambda: "[emerg]" in lab.server.read(LOG)[said:], "the reload fails")
    lab.server.sh("sleep 2.6") if "bind()" in lab.server.read(LOG)[said:] else None


@scenario(outside=None, server="nginx.key-mismatch", manual=KEY)
def renewed_with_another_key(lab: Lab) -> None:
    """A hook sent the signal; nginx refused the new files and serves the old certificate."""
    later(lab)
    lab.server.write(site.PEM, certificates.leaf(site.NAME).chain)
    hang_up(lab)


@scenario(outside=None, server="nginx.config-invalid", differs=MINE)
def reloaded_with_a_mistake(lab: Lab) -> None:
    """proxy_passs, and kill -HUP."""
    later(lab)
    lab.edit("proxy_pass http", "proxy_passs http")
    hang_up(lab)


@scenario(outside=None, server="nginx.config-invalid", differs=MINE)
def reloaded_with_lines_without_semicolons(lab: Lab) -> None:
    """The three lines of the upgrade have no semicolons, after issue 2333 of Socket.IO
    (https://github.com/socketio/socket.io/issues/2333)."""
    later(lab)
    for line in ("proxy_http_version 1.1", "Upgrade $http_upgrade"):
        lab.edit(f"{line};", line)
    hang_up(lab)


@scenario(outside="certificate.name-mismatch", server="nginx.reload-failed")
def corrected_after_a_reload_that_failed(lab: Lab) -> None:
    """The name was corrected, with a new mistake; this was corrected too, and nginx not told."""
    another_site(lab)
    mistyped(lab)
    later(lab)
    lab.server.write(site.CONF, site.configuration().replace("proxy_pass http", "proxy_passs http"))
    hang_up(lab)
    lab.server.write(site.CONF, site.configuration())


@scenario(outside="certificate.name-mismatch", server="nginx.reload-failed")
def listens_on_all_addresses_now(lab: Lab) -> None:
    """listen 203.0.113.10:443 became listen 443: nginx is in its own way."""
    another_site(lab)
    lab.edit("listen 443 ssl", "listen 203.0.113.10:443 ssl", "/etc/nginx/conf.d/blog.conf")
    lab.edit("listen 443 ssl", "listen 203.0.113.10:443 ssl")
    mistyped(lab)
    later(lab)
    lab.server.write(site.CONF, site.configuration())
    lab.edit("listen 203.0.113.10:443 ssl", "listen 443 ssl", "/etc/nginx/conf.d/blog.conf")
    hang_up(lab)


@scenario(outside="certificate.name-mismatch", server="nginx.reload-failed")
def key_of_a_limit_changed(lab: Lab) -> None:
    """nginx -t passes; a running nginx cannot change the key of a shared memory zone."""
    another_site(lab)
    zone = "limit_req_zone $binary_remote_addr zone=one:1m rate=100r/s;\n"
    lab.server.write("/etc/nginx/conf.d/limits.conf", zone)
    mistyped(lab)
    later(lab)
    lab.server.write(site.CONF, site.configuration())
    lab.edit("$binary_remote_addr", "$http_x_real_ip", "/etc/nginx/conf.d/limits.conf")
    hang_up(lab)


@scenario(outside=None, server="nginx.reload-failed", manual="which of the two is to go?")
def a_new_port_is_taken(lab: Lab) -> None:
    """A new site listens on 8443, where another program does; nothing of the change is in force."""
    lab.spawn(lab.server, lab.server.python("-m", "http.server", "8443"), 8443)
    later(lab)
    text = "server {\n  listen 8443;\n  return 200;\n}\n"
    lab.server.write("/etc/nginx/conf.d/admin.conf", text)
    hang_up(lab)


@healthy()
def reloaded_after_a_reload_that_failed(lab: Lab) -> None:
    """The log has the mistake; it was corrected, and nginx reloaded."""
    later(lab)
    lab.edit("proxy_pass http", "proxy_passs http")
    hang_up(lab)
    lab.server.write(site.CONF, site.configuration())
    later(lab)
    lab.reload()


@healthy()
def tested_in_vain_and_corrected(lab: Lab) -> None:
    """nginx -t has written its complaints into the log as well, under a number of its own."""
    line = f'{now()} [emerg] 4242#4242: unknown directive "proxy_passs" in {site.CONF}:27\n'
    lab.server.write(LOG, lab.server.read(LOG) + line)


AVAILABLE = "/etc/nginx/sites-available/shop"
#: On Debian all of sites-enabled is read, and the others have no such folders.
AVAILABLES = {**LINKS, "debian": "the site is there already"}
ENABLED = "/etc/nginx/sites-enabled/shop"
MAIN = "/etc/nginx/nginx.conf"


REDIRECT = "server {\n  listen 80 default_server;\n  return 301 https://$host$request_uri;\n}\n"


def among_others(lab: Lab) -> None:
    """The blog on port 443, and a redirect for everybody on port 80."""
    another_site(lab)
    lab.server.write("/etc/nginx/conf.d/redirect.conf", REDIRECT)


def put(lab: Lab, path: str, text: str = "") -> None:
    """The shop's configuration there, and nowhere else; nginx starts anew with it."""
    lab.server.path(site.CONF).unlink()
    lab.server.write(path, text or site.configuration())
    lab.restart_nginx()


@scenario(
    outside="certificate.name-mismatch",
    server="nginx.site-not-included",
    differs=(ENABLED,),
    not_on=AVAILABLES,
)
def not_linked_into_sites_enabled(lab: Lab) -> None:
    """Written into sites-available, as on Debian, and not linked: the blog answers."""
    among_others(lab)
    put(lab, AVAILABLE)


@scenario(
    outside="certificate.name-mismatch", server="nginx.site-not-included", differs=MINE
)  # fmt: skip
def file_without_its_suffix(lab: Lab) -> None:
    """conf.d/shop, where conf.d/*.conf is read."""
    among_others(lab)
    put(lab, "/etc/nginx/conf.d/shop")


@scenario(
    outside="tcp.refused",
    server="nginx.site-not-included",
    differs=MINE,
    not_on={"debian": "its nginx reads every file of sites-enabled, whatever its name"},
)
def switched_off_by_its_name(lab: Lab) -> None:
    """conf.d/shop.conf.disabled, the only site there was: nothing listens."""
    put(lab, f"{site.CONF}.disabled")


@scenario(
    outside="tcp.refused",
    server="nginx.site-not-included",
    differs=(site.CONF,),
    not_on=AVAILABLES,
)
def no_include_for_sites_enabled(lab: Lab) -> None:
    """A layout from Debian on a system whose nginx.conf reads conf.d/*.conf only."""
    lab.edit("include /etc/nginx/sites-enabled/*;", "", MAIN)
    put(lab, ENABLED)


@scenario(
    outside="tcp.refused", server="nginx.site-not-included", differs=(MAIN,), not_on=AVAILABLES
)
def nothing_is_included(lab: Lab) -> None:
    """nginx.conf has neither include."""
    lab.edit("include /etc/nginx/sites-enabled/*;", "", MAIN)
    lab.edit("include /etc/nginx/conf.d/*.conf;", "", MAIN)
    put(lab, AVAILABLE)


@scenario(
    outside="tls.name-rejected",
    server="nginx.site-not-included",
    differs=(ENABLED,),
    not_on=AVAILABLES,
)
def not_linked_and_the_default_rejects(lab: Lab) -> None:
    """ssl_reject_handshake for all names that nginx does not know, and the shop is one."""
    lab.server.write("/etc/nginx/conf.d/default.conf", REJECTING + REDIRECT)
    put(lab, AVAILABLE)


@scenario(
    outside="tcp.refused", server="nginx.site-not-included", differs=(ENABLED,), not_on=AVAILABLES
)
def link_leads_nowhere(lab: Lab) -> None:
    """sites-enabled/shop links to sites-available/shop, which was renamed: nginx did not start."""
    lab.server.path(site.CONF).unlink()
    lab.server.write(f"{AVAILABLE}.conf", site.configuration())
    lab.server.sh(f"ln -s {AVAILABLE} {ENABLED}")
    start_in_vain(lab)


@scenario(
    outside="tcp.refused",
    server="nginx.site-not-included",
    manual="which nginx is meant to run?",
)
def written_for_another_nginx(lab: Lab) -> None:
    """OpenResty's folder has it, as panels write it; the distribution's nginx runs."""
    lab.undo(lambda: lab.server.sh("rm -rf /usr/local/openresty"))
    put(lab, "/usr/local/openresty/nginx/conf/conf.d/shop.conf")


@healthy(not_on=AVAILABLES)
def copies_of_the_site_lie_about(lab: Lab) -> None:
    """shop.conf.bak, sites-available/shop and a dozen other sites that are switched off."""
    text = site.configuration()
    for path in (f"{site.CONF}.bak", f"{site.CONF}.20240101", AVAILABLE):
        lab.server.write(path, text)
    for number in range(12):
        other = text.replace(site.NAME, f"old{number}.example.com")
        lab.server.write(f"/etc/nginx/sites-available/old{number}", other)


@healthy(not_on=AVAILABLES)
def served_by_a_block_of_no_name(lab: Lab) -> None:
    """server_name _ serves the shop; an old file of its name is not linked any more."""
    lab.server.write(AVAILABLE, site.configuration())
    lab.change("server_name shop.example.com;", "server_name _;")


OLD = "/etc/nginx/conf.d/00-shop.conf"


def old_copy(lab: Lab, old: str, new: str) -> None:
    """An earlier state of the site's block, in a file that nginx reads first."""
    lab.server.write(OLD, site.HTTPS.replace(old, new))
    lab.restart_nginx()


@scenario(
    outside="websocket.not-upgraded",
    server="nginx.duplicate-server-name",
    args=("--ws", "/ws"),
    differs=(OLD,),
)
def an_old_copy_wins(lab: Lab) -> None:
    """The copy is from before there was a WebSocket; it is read first."""
    old_copy(lab, "    proxy_set_header Upgrade $http_upgrade;\n", "")


@scenario(
    outside="certificate.expired", server="nginx.duplicate-server-name", differs=(OLD,)
)  # fmt: skip
def an_old_copy_has_the_old_certificate(lab: Lab) -> None:
    """A tool wrote a block of its own for the new certificate; the old one is read first."""
    old = certificates.leaf(starts=-95, ends=-5)
    lab.server.write("/etc/nginx/ssl/old.pem", old.chain)
    lab.server.write("/etc/nginx/ssl/old.key", old.key_pem, 0o600)
    old_copy(lab, "shop.example.com.", "old.")


@scenario(
    outside=None,
    server="nginx.duplicate-server-name",
    differs=(ENABLED + ".bak", "/etc/nginx/shop.bak"),
    not_on=AVAILABLES,
)
def a_backup_is_read_as_well(lab: Lab) -> None:
    """sites-enabled/* reads shop.bak too; it loses, and nobody is the worse for it."""
    text = site.configuration().split("\n\n", 1)[1]  # a map may be there twice
    lab.server.write(f"{ENABLED}.bak", text.replace("5m", "10m"))
    lab.restart_nginx()


FOLDER = "/etc/nginx/conf.d"
BACKUP = f"{FOLDER}/00-shop.bak.conf"


@scenario(
    outside=None,
    server="nginx.duplicate-server-name",
    differs=(BACKUP, "/etc/nginx/00-shop.bak.conf"),
)
def a_backup_is_read_first(lab: Lab) -> None:
    """Its pages are the old ones, and all of them answer."""
    lab.server.write("/srv/old/index.html", "<!doctype html><title>Old shop</title>\n")
    start, end = site.HTTPS.index("  location / {"), site.HTTPS.rindex("}")
    lab.server.write(BACKUP, f"{site.HTTPS[:start]}  root /srv/old;\n{site.HTTPS[end:]}")
    lab.restart_nginx()


PORT_OF_SITE = "server {\n  set $port 3000;\n"


@scenario(
    outside="http.server-error", server="nginx.duplicate-server-name",
    differs=(f"{FOLDER}/0-old.conf",),
)  # fmt: skip
def a_block_whose_variable_leads_nowhere_is_read_first(lab: Lab) -> None:
    """A panel writes one line of proxy_pass for all sites, and `set $port` for each: the old host
    of the same name is read first, and its application is gone."""
    text = site.HTTPS.replace("server {\n", PORT_OF_SITE).replace("1:3000;", "1:$port;")
    lab.edit(site.HTTPS, text)
    lab.server.write(f"{FOLDER}/0-old.conf", text.replace("$port 3000", "$port 3999"))
    lab.restart_nginx()


@scenario(outside=None, server="nginx.duplicate-server-name", differs=(ENABLED,), not_on=AVAILABLES)
def one_file_is_read_twice(lab: Lab) -> None:
    """conf.d/*.conf, and a link to the same file in sites-enabled."""
    lab.edit(f"{site.MAP}\n", "")
    lab.server.write("/etc/nginx/conf.d/map.conf", site.MAP)
    lab.server.sh(f"ln -s {site.CONF} {ENABLED}")
    lab.restart_nginx()


FIRST = "/etc/nginx/conf.d/a-first.conf"


def _first_block(lab: Lab, lines: str) -> None:
    """A block of the same name and port that nginx reads first, and keeps for itself."""
    start, end = site.HTTPS.index("  location / {"), site.HTTPS.rindex("}")
    block = site.HTTPS[:start] + lines + site.HTTPS[end:]
    lab.server.write(FIRST, block)
    lab.restart_nginx()


@scenario(
    outside="http.not-the-site", server="nginx.duplicate-server-name",
    differs=(FIRST,), both="nginx.duplicate-server-name",
)  # fmt: skip
def a_block_with_the_welcome_page_is_read_first(lab: Lab) -> None:
    """After threads about a default.conf that got the site's name."""
    page = "<!DOCTYPE html><title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>\n"
    lab.server.write("/srv/welcome/index.html", page)
    _first_block(lab, "  root /srv/welcome;\n")


@scenario(
    outside="http.redirect-loop", server="nginx.duplicate-server-name",
    differs=(FIRST,), both="nginx.duplicate-server-name",
)  # fmt: skip
def a_block_that_redirects_to_itself_is_read_first(lab: Lab) -> None:
    """A tool copied the redirect of port 80 into a block for port 443."""
    _first_block(lab, "  return 301 https://$host$request_uri;\n")


@scenario(
    outside=None, server="nginx.duplicate-server-name",
    differs=(FIRST, "/etc/nginx/a-first.conf.off"),
)  # fmt: skip
def a_block_with_other_pages_is_read_first(lab: Lab) -> None:
    """The site moved to an application, and the file of its old pages was left."""
    text = "<!doctype html><title>Old shop</title><p>Twelve kinds of tea, by post.</p>\n"
    lab.server.write("/srv/old/index.html", text)
    _first_block(lab, "  root /srv/old;\n")


PANEL = "/etc/nginx/conf.d/a-panel.conf"


@scenario(outside=None, server="nginx.name-on-other-address", differs=MINE)
def redirect_on_another_address(lab: Lab) -> None:
    """A control panel's block listens on the address itself, and takes port 80 away."""
    lab.server.write(PANEL, f"server {{\n  listen {SERVER}:80;\n  return 404;\n}}\n")
    lab.restart_nginx()


@scenario(
    outside="http.no-redirect", server="nginx.redirect-unused",
    manual="which of the two blocks is wanted",
)  # fmt: skip
def redirect_of_a_second_block(lab: Lab) -> None:
    """An older block of the name serves a page on port 80; the redirect came in a later file."""
    block = f"server {{\n  listen 80;\n  server_name {site.NAME};\n  return 200 hello;\n}}\n"
    lab.server.write(PANEL, block)
    lab.restart_nginx()


def _landing(lab: Lab) -> None:
    """A block of an earlier file has the site's name beside its own."""
    names = f"{site.NAME} landing.example.com"
    block = f"server {{\n  listen 80;\n  server_name {names};\n  return 200 hello;\n}}\n"
    lab.server.write(PANEL, block)
    lab.restart_nginx()


@scenario(outside="http.no-redirect", server="nginx.redirect-unused", differs=MINE)
def redirect_behind_a_block_with_other_names(lab: Lab) -> None:
    """The landing page's block stays for its own name."""
    _landing(lab)


@scenario(
    outside=None,
    server="nginx.duplicate-server-name",
    target=f"http://{site.NAME}/",
    differs=MINE,
)
def http_redirect_behind_a_block_with_other_names(lab: Lab) -> None:
    _landing(lab)


@healthy()
def panel_with_a_block_for_the_address(lab: Lab) -> None:
    """The site's redirect listens on the address, too."""
    lab.edit("  listen 80;", f"  listen 80;\n  listen {SERVER}:80;")
    lab.server.write(PANEL, f"server {{\n  listen {SERVER}:80;\n  return 404;\n}}\n")
    lab.restart_nginx()


@healthy()
def another_name_is_there_twice(lab: Lab) -> None:
    """nginx -t warns of the blog's name; the shop has its own block, once."""
    another_site(lab)
    lab.server.write("/etc/nginx/conf.d/zz-blog.conf", lab.server.read(OTHER))
    lab.restart_nginx()


@healthy()
def one_name_on_two_ports(lab: Lab) -> None:
    """443 and 8443: two blocks of one name, and no conflict."""
    text = site.HTTPS.replace("443", "8443")
    lab.server.write("/etc/nginx/conf.d/shop-8443.conf", text)
    lab.restart_nginx()


HOLD = str(Path(__file__).parent.parent / "hold.py")


def crowded(lab: Lab, say: str) -> None:
    """Visitors who stay, until one of them is turned away."""
    argv = lab.client.python(HOLD, site.NAME, "/ws", "12")
    lab.spawn(lab.client, argv, lambda: say in lab.server.read(LOG))


@scenario(outside="tls.closed", server="nginx.connection-limit", differs=(MAIN,))
def too_few_worker_connections(lab: Lab) -> None:
    """Nine, and the listening sockets and three WebSockets take them all."""
    lab.edit("worker_processes auto;", "worker_processes 1;", MAIN)
    lab.edit("worker_connections 768;", "worker_connections 9;", MAIN)
    lab.restart_nginx()
    crowded(lab, "worker_connections are not enough")


@scenario(outside="tls.stalled", server="nginx.connection-limit", differs=(MAIN,))
def too_few_open_files(lab: Lab) -> None:
    """Who comes now is not even accepted, and waits."""
    limit = re.search(r"worker_rlimit_nofile \d+;", lab.server.read(MAIN))
    lab.edit(
        limit[0] if limit else "events",
        f"worker_rlimit_nofile 24;{'' if limit else ' events'}",
        MAIN,
    )
    lab.edit("worker_processes auto;", "worker_processes 1;", MAIN)
    lab.restart_nginx()
    crowded(lab, "Too many open files")


@scenario(outside=None, server="nginx.connection-limit", differs=(MAIN,))
def crowded_a_minute_ago(lab: Lab) -> None:
    """All have gone again; the log remembers."""
    later(lab)
    worker = lab.server.pids("nginx")[-1]
    line = f"{now()} [alert] {worker}#{worker}: *9 768 worker_connections are not enough "
    line += "while connecting to upstream, client: 198.51.100.7, "
    line += f'server: {site.NAME}, request: "GET / HTTP/1.1", '
    line += f'upstream: "http://127.0.0.1:3000/", host: "{site.NAME}"\n'
    lab.server.write(LOG, lab.server.read(LOG) + line)


@healthy()
def old_and_foreign_errors_in_the_log(lab: Lab) -> None:
    """Yesterday's trouble, another site's of just now, and what scanners leave behind."""
    old = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(time.time() - 86400))
    own = f'server: {site.NAME}, request: "GET / HTTP/1.1"'
    lines = [
        f"{old} [alert] 7#7: 768 worker_connections are not enough",
        f"{old} [emerg] 7#7: bind() to 0.0.0.0:443 failed (98: Address already in use)",
        f"{old} [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to "
        f'upstream, client: 198.51.100.7, {own}, upstream: "http://127.0.0.1:3000/", host: '
        f'"{site.NAME}"',
        f"{now()} [error] 7#7: *2 connect() failed (111: Connection refused) while connecting to "
        'upstream, client: 198.51.100.7, server: blog.example.com, request: "GET / HTTP/1.1", '
        'upstream: "http://127.0.0.1:4000/", host: "blog.example.com"',
        f'{now()} [error] 7#7: *3 open() "/var/www/.env" failed (2: No such file or directory), '
        f'client: 198.51.100.7, server: {site.NAME}, request: "GET /.env HTTP/1.1", host: '
        f'"{site.NAME}"',
        f'{now()} [warn] 7#7: conflicting server name "blog.example.com" on 0.0.0.0:443, ignored',
    ]
    lab.server.write(LOG, "\n".join(lines) + "\n")


PREFIX = "/usr/local/nginx"
OWN_CONF = f"{PREFIX}/conf/vhost/shop.conf"
OWN_MAIN = """\
user www-data;
worker_processes 2;
error_log logs/error.log;
events {
  worker_connections 256;
}
http {
  include vhost/*.conf;
}
"""


def own_build(lab: Lab, *options: str, text: str = "") -> None:
    """An nginx under /usr/local/nginx runs, as panels and ./configure put it; the distribution's
    is there, with its old configuration, and does not."""
    server = lab.server
    lab.undo(lambda: server.sh(f"rm -rf {PREFIX}"))
    server.write(f"{PREFIX}/sbin/nginx", server.path("/usr/sbin/nginx").read_bytes(), 0o755)
    server.write(f"{PREFIX}/conf/nginx.conf", OWN_MAIN)
    server.write(OWN_CONF, text or site.configuration())
    server.sh(f"mkdir -p {PREFIX}/logs")
    lab.stop_nginx()
    argv = [f"{PREFIX}/sbin/nginx", "-p", PREFIX, "-c", "conf/nginx.conf", *options]
    server.run(argv, check=True)


@healthy(args=("--ws", "/ws"), not_on=BUILT)
def nginx_of_its_own_prefix(lab: Lab) -> None:
    """Not in the PATH, its configuration named on the command line."""
    own_build(lab)


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    args=("--ws", "/ws"),
    layer="nginx",
    differs=(OWN_CONF,),
    not_on=BUILT,
)
def own_prefix_without_upgrade(lab: Lab) -> None:
    """The file to be changed is that of the nginx that runs, which -g told where its pid is."""
    text = site.configuration().replace("    proxy_set_header Upgrade $http_upgrade;\n", "")
    own_build(lab, "-g", "pid /run/shop.pid;", text=text)


@scenario(
    outside="tcp.refused", server="nginx.site-not-included", differs=(OWN_CONF,),
    not_on={**BUILT, "debian": "the packaged nginx keeps the site in sites-available"},
)  # fmt: skip
def own_prefix_and_a_site_switched_off(lab: Lab) -> None:
    """conf/vhost/shop.conf.off, as panels switch a site off."""
    own_build(lab)
    lab.server.path(site.CONF).unlink()
    lab.server.sh(f"mv {OWN_CONF} {OWN_CONF}.off")
    lab.stop_nginx()
    lab.server.run([f"{PREFIX}/sbin/nginx", "-p", PREFIX, "-c", "conf/nginx.conf"], check=True)


def _other_site(lab: Lab) -> None:
    """The default block of port 443: another site with its own certificate."""
    issued = certificates.leaf("wiki.example.com")
    lab.server.write("/etc/nginx/ssl/wiki.pem", issued.chain)
    lab.server.write("/etc/nginx/ssl/wiki.key", issued.key_pem, 0o600)
    block = site.HTTPS.replace("shop.example.com.", "wiki.").replace(site.NAME, "wiki.example.com")
    lab.server.write("/etc/nginx/conf.d/00-wiki.conf", block)


def _without_certificate() -> str:
    """The site's block, for plain HTTP at port 443."""
    lines = ("ssl_certificate /", "ssl_certificate_key /")
    kept = [line for line in site.HTTPS.splitlines(True) if not line.strip().startswith(lines)]
    return "".join(kept).replace("443 ssl;", "443;")


@scenario(
    outside="certificate.name-mismatch", server="nginx.duplicate-server-name", differs=(FIRST,)
)
def a_block_without_certificate_is_read_first(lab: Lab) -> None:
    """`listen 443;` for plain HTTP beside the block with `ssl`: nginx sends the default block's
    certificate. After https://github.com/dokku/dokku-letsencrypt/issues/230."""
    _other_site(lab)
    lab.server.write(FIRST, _without_certificate())
    lab.restart_nginx()


@scenario(
    outside="certificate.name-mismatch", server="nginx.duplicate-server-name", differs=(site.CONF,)
)
def a_block_without_certificate_stands_before_the_other(lab: Lab) -> None:
    """The same in one file, as generators write it."""
    _other_site(lab)
    lab.change(site.HTTPS, f"{_without_certificate()}\n{site.HTTPS}")


@healthy()
def another_site_is_the_default_block(lab: Lab) -> None:
    """The name's only block has its own certificate, whatever the default block has."""
    _other_site(lab)
    lab.restart_nginx()
