"""Sites of Apache, Caddy and HAProxy that look like a mistake and are meant: documents beside those
for visitors, names that are almost alike, and backends for some visitors."""

from .. import apache, caddy, haproxy
from ..apache import HTTP, HTTPS
from ..caddy import SHOP
from ..haproxy import SITE
from ..lab import Lab
from .apache import healthy_apache
from .apache_threads import site_with
from .caddy import healthy_caddy
from .haproxy import healthy_haproxy
from .haproxy_other_backends import serve as serve_backends

LOGIN = "https://shop.example.com/login"
ALIAS = """\
Alias /static /srv/odd/static
<Directory /srv/odd>
    Require all granted
</Directory>
ProxyPass /static !
ProxyPass / http://127.0.0.1:3000/
"""


@healthy_apache(target="https://shop.example.com/static/customers.csv")
def apache_keeps_a_document_beside_the_folder_of_an_alias(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/odd"))
    lab.server.write("/srv/odd/static/site.css", "p{}\n")
    lab.server.write("/srv/odd/private/customers.csv", "name,mail\n")
    apache.serve(lab, site_with(ALIAS))


@healthy_apache(target="https://shop.example.com/static/gone.css")
def apache_has_no_longer_a_file_that_a_backup_has(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/odd"))
    lab.server.write("/srv/odd/static/site.css", "p{}\n")
    lab.server.write("/srv/odd/backup/gone.css", "p{}\n")
    apache.serve(lab, site_with(ALIAS))


@healthy_apache()
def apache_has_tenants_beside_a_site_with_almost_the_name(lab: Lab) -> None:
    """The application of the tenants does not have this one any more."""
    program = str(apache.__file__).replace("apache.py", "applications/paths_server.py")
    lab.spawn(lab.server, lab.server.python(program, "3001", "/nowhere"), 3001)
    tenants = HTTPS.replace("ServerName shop", "ServerAlias *.example.com\n    ServerName tenants")
    tenants = tenants.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
    shops = HTTPS.replace("shop.example.com", "shops.example.com")
    shop2 = HTTPS.replace("shop.example.com", "shop2.example.com")
    text = tenants.replace("127.0.0.1:3000", "127.0.0.1:3001")
    apache.serve(lab, f"{text}\n{shops}\n{shop2}\n{HTTP}")


@healthy_caddy(target="https://shop.example.com/user")
def caddy_has_users_and_no_user(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/odd"))
    lab.server.write("/srv/odd/index.html", "<!doctype html><title>Shop</title><p>Tea</p>\n")
    rest = "\treverse_proxy /users* 127.0.0.1:3000\n\troot * /srv/odd\n\tfile_server\n"
    start = SHOP.index("\treverse_proxy")
    caddy.serve(lab, f"{SHOP[:start]}{rest}}}\n")


@healthy_haproxy(target=LOGIN)
def haproxy_has_two_applications_with_a_login_page(lab: Lab) -> None:
    """The first one's is drawn in the browser, as every page of it."""
    serve_backends(lab, api="/login")


@healthy_haproxy(target="https://shop.example.com/reports")
def haproxy_has_a_backend_for_the_office(lab: Lab) -> None:
    rule = "use_backend api if is_api { src 10.77.0.0/16 }"
    serve_backends(lab, "use_backend api if is_api", rule, pages="/", api="/reports")


@healthy_haproxy(target="https://shop.example.com/offer")
def haproxy_has_a_backend_with_the_older_site(lab: Lab) -> None:
    """No frontend names it; it still has a page that is gone on purpose."""
    serve_backends(lab, "    use_backend api if is_api\n", "", pages="/", api="/offer")


@healthy_haproxy()
def haproxy_has_rules_for_names_that_are_almost_alike(lab: Lab) -> None:
    """The tenants' application does not have this one any more."""
    program = str(haproxy.__file__).replace("haproxy.py", "applications/paths_server.py")
    lab.spawn(lab.server, lab.server.python(program, "3001", "/nowhere"), 3001)
    names = "".join(
        f"    use_backend app if {{ hdr(host) -i {name}.example.com }}\n"
        for name in ("shop2", "shops")
    )
    text = SITE.replace("    default_backend app\n", f"{names}    default_backend tenants\n")
    haproxy.serve(lab, f"{text}\nbackend tenants\n    server tenants1 127.0.0.1:3001\n")
