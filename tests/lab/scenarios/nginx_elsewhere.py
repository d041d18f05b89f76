"""Another nginx than the one that runs, and certificates that were renewed elsewhere."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx import BLOG, BUILT, MINE, another_site
from .nginx_files import LIVE, LOGS, SNIPPET, of_certbot


def old() -> certificates.Issued:
    return certificates.leaf(starts=-95, ends=-5)


@scenario(outside="certificate.expired", server="certificate.renewed-elsewhere", differs=MINE)
def renewed_by_certbot_beside_a_copy(lab: Lab) -> None:
    """The files in /etc/nginx/ssl were copied from certbot's three months ago."""
    first = old()
    lab.install(first.chain, first.key_pem)
    of_certbot(lab, certificates.good())


@scenario(outside="certificate.expires-soon", server="certificate.renewed-elsewhere", differs=MINE)
def renewed_in_a_second_lineage(lab: Lab) -> None:
    """shop.example.com-0001, since a name was added; the first one is not renewed any more."""
    of_certbot(lab, certificates.leaf(starts=-80, ends=5))
    of_certbot(lab, certificates.leaf(site.NAME, "www.example.com"), f"{site.NAME}-0001")
    lab.edit("/etc/nginx/ssl/shop.example.com.pem", f"{LIVE}/fullchain.pem")
    lab.change("/etc/nginx/ssl/shop.example.com.key", f"{LIVE}/privkey.pem")


@scenario(
    outside="certificate.expired",
    server="certificate.renewed-elsewhere",
    differs=(SNIPPET,),
    not_on={"redhat": "nginx does not see /home"},
)
def renewed_by_acme_sh_and_never_installed(lab: Lab) -> None:
    """The certificate is named in a snippet; acme.sh renews in somebody's home."""
    first, good = old(), certificates.good()
    lab.server.write(
        SNIPPET, "ssl_certificate certs/cert.pem;\nssl_certificate_key certs/cert.key;\n"
    )
    lab.server.write("/etc/nginx/certs/cert.pem", first.chain)
    lab.server.write("/etc/nginx/certs/cert.key", first.key_pem, 0o600)
    folder = f"/home/admin/.acme.sh/{site.NAME}_ecc"
    lab.server.sh("mount -t tmpfs lab /home")  # the server's alone
    lab.undo(lambda: lab.server.sh("umount /home"))
    lab.server.write(f"{folder}/fullchain.cer", good.chain)
    lab.server.write(f"{folder}/{site.NAME}.cer", good.pem)
    lab.server.write(f"{folder}/{site.NAME}.key", good.key_pem, 0o600)
    both = (
        "  ssl_certificate /etc/nginx/ssl/shop.example.com.pem;\n"
        "  ssl_certificate_key /etc/nginx/ssl/shop.example.com.key;\n"
    )
    lab.change(both, f"  include {SNIPPET};\n")


@scenario(outside="certificate.expired", server="certificate.renewed-elsewhere", differs=MINE)
def renewed_with_the_same_key_under_another_name(lab: Lab) -> None:
    """shop-2026.crt beside the old one; the key stayed."""
    first = old()
    new = certificates.leaf(key=first.key)
    lab.install(first.chain, first.key_pem)
    lab.server.write("/etc/nginx/ssl/shop-2026.crt", new.chain)
    lab.server.write("/etc/nginx/ssl/shop-2026.key", new.key_pem, 0o600)


@scenario(outside="certificate.expired", manual="a new certificate comes from an authority")
def newer_one_for_another_name(lab: Lab) -> None:
    """What lies about is for other names, out of date itself, or without its key."""
    first = old()
    lab.install(first.chain, first.key_pem)
    of_certbot(lab, certificates.leaf("blog.example.com"), "blog.example.com")
    lab.server.write("/etc/nginx/ssl/copy.pem", certificates.good().chain)
    of_certbot(lab, certificates.leaf(starts=-93, ends=-3))


def of_acme_sh(lab: Lab, one: certificates.Issued) -> None:
    """As acme.sh keeps it, in the home of a user."""
    folder = f"/home/admin/.acme.sh/{site.NAME}_ecc"
    lab.server.sh("mount -t tmpfs lab /home")  # the server's alone
    lab.undo(lambda: lab.server.sh("umount /home"))
    lab.server.write(f"{folder}/fullchain.cer", one.chain)
    lab.server.write(f"{folder}/{site.NAME}.cer", one.pem)
    lab.server.write(f"{folder}/{site.NAME}.key", one.key_pem, 0o600)


@scenario(
    outside=None,
    server="certificate.renewed-elsewhere",
    differs=MINE,
    not_on={"redhat": "nginx does not see /home"},
)
def renewed_by_acme_sh_and_the_copy_has_four_weeks(lab: Lab) -> None:
    """Installed by hand once, with `cp`. The copy is still good, and no renewal reaches it."""
    first = certificates.leaf(starts=-62, ends=28)
    lab.install(first.chain, first.key_pem)
    of_acme_sh(lab, certificates.leaf(key=first.key))


@scenario(outside=None, server="certificate.renewed-elsewhere", differs=MINE)
def renewed_by_certbot_and_the_copy_has_four_weeks(lab: Lab) -> None:
    first = certificates.leaf(starts=-62, ends=28)
    lab.install(first.chain, first.key_pem)
    of_certbot(lab, certificates.good())


@healthy()
def renewed_by_acme_sh_and_installed(lab: Lab) -> None:
    """`acme.sh --install-cert` wrote the copy at the renewal."""
    good = certificates.good()
    lab.install(good.chain, good.key_pem)
    of_acme_sh(lab, good)


@healthy()
def renewed_today_and_copied_at_night(lab: Lab) -> None:
    """A timer copies the files once a day."""
    first = certificates.leaf(starts=-61, ends=29)
    lab.install(first.chain, first.key_pem)
    of_certbot(lab, certificates.leaf(starts=-0.5, ends=89))


@healthy()
def a_second_certificate_for_the_mail_server(lab: Lab) -> None:
    """It is newer, made by hand, and another program's."""
    first = certificates.leaf(starts=-62, ends=28)
    lab.install(first.chain, first.key_pem)
    second = certificates.good()
    lab.server.write("/etc/ssl/mail/shop.example.com.pem", second.chain)
    lab.server.write("/etc/ssl/mail/shop.example.com.key", second.key_pem, 0o600)
    lab.undo(lambda: lab.server.sh("rm -rf /etc/ssl/mail"))


@healthy()
def newer_one_lies_about(lab: Lab) -> None:
    """The one in use is good for long enough."""
    of_certbot(lab, certificates.leaf(starts=-1, ends=89))


# Another nginx

OWN = "/usr/local/nginx"
WELCOME = """\
user www-data;
events {
}
http {
  access_log off;
  server {
    listen 80 default_server;
    root /var/www/html;
  }
}
"""


def another_nginx(lab: Lab, text: str = WELCOME, packaged: bool = False) -> None:
    """A copy in /usr/local/nginx, with a prefix of its own, in the place of the packaged one."""
    program = lab.server.path("/usr/sbin/nginx").read_bytes()
    lab.undo(lambda: lab.server.sh(f"rm -rf {OWN}"))
    lab.server.write(f"{OWN}/sbin/nginx", program, 0o755)
    lab.server.write(
        f"{OWN}/conf/nginx.conf", f"pid {OWN}/nginx.pid;\nerror_log {LOGS}/own.log;\n{text}"
    )
    lab.server.write(f"{OWN}/html/index.html", "<title>Welcome to nginx!</title>")
    if not packaged:
        lab.stop_nginx()
    lab.server.run([f"{OWN}/sbin/nginx", "-p", OWN, "-c", "conf/nginx.conf"], check=True)


@scenario(outside="tcp.refused", server="nginx.wrong-binary", not_on=BUILT)
def self_compiled_one_has_port_80(lab: Lab) -> None:
    """It has only its welcome page; the shop is edited in /etc/nginx."""
    another_nginx(lab)


@scenario(outside="certificate.name-mismatch", server="nginx.wrong-binary", not_on=BUILT)
def self_compiled_one_serves_the_blog(lab: Lab) -> None:
    """On 443 too, so that visitors of the shop get the blog's certificate."""
    another_site(lab)
    lab.server.path("/etc/nginx/conf.d/blog.conf").unlink()
    another_nginx(lab, WELCOME.replace("http {\n", f"http {{\n{BLOG}"))


@scenario(outside="tcp.refused", server="nginx.wrong-binary", not_on=BUILT)
def self_compiled_one_is_on_another_port(lab: Lab) -> None:
    """8080 only: the packaged one is simply not started."""
    another_nginx(lab, WELCOME.replace("listen 80", "listen 8080"))


@scenario(outside="tcp.refused", server="nginx.wrong-binary", not_on=BUILT)
def started_with_another_file(lab: Lab) -> None:
    """nginx -c /etc/nginx/test.conf, left from a test."""
    lab.stop_nginx()
    lab.server.write("/etc/nginx/test.conf", f"error_log {LOGS}/test.log;\n{WELCOME}")
    lab.server.run(["nginx", "-c", "/etc/nginx/test.conf"], check=True)


@healthy(not_on=BUILT)
def another_nginx_on_another_port(lab: Lab) -> None:
    """It has nothing to do with the shop."""
    another_nginx(lab, WELCOME.replace("listen 80", "listen 8080"), packaged=True)


@healthy(not_on=BUILT)
def another_nginx_knows_the_shop_too(lab: Lab) -> None:
    """The self-compiled one serves it, and the packaged one's files still have it."""
    text = f"events {{\n}}\nhttp {{\n  access_log off;\n{site.configuration()}}}\n"
    another_nginx(lab, text)
