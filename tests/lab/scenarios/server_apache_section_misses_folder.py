"""A <Directory> is for a folder whose name is nearly the site's."""

from .. import apache
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .apache_threads import site_with

SITE = """\
DocumentRoot /srv/shop/public
ProxyPass /ws ws://127.0.0.1:3000/ws
<Directory /srv/shop/{}>
    Require all granted
    RewriteEngine On
    RewriteCond %{{REQUEST_FILENAME}} !-f
    RewriteRule ^ index.html [L]
</Directory>
"""


def serve(lab: Lab, folder: str) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    lab.server.write("/srv/shop/public/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>")
    apache.serve(lab, site_with(SITE.format(folder)))


@apache_scenario(outside=None, server="server.apache-section-misses-folder", differs=(apache.SITE,))
def apache_section_is_for_a_misspelt_folder(lab: Lab) -> None:
    """Outside of /var/www Debian's Apache grants nothing: 403."""
    serve(lab, "publci")


@apache_scenario(
    outside=None,
    server="server.apache-section-misses-folder",
    target="https://shop.example.com/cart",
    differs=(apache.SITE,),
)
def apache_rules_are_for_a_misspelt_folder(lab: Lab) -> None:
    lab.server.write(
        "/etc/apache2/conf-enabled/srv.conf",
        "<Directory /srv>\nRequire all granted\n</Directory>\n",
    )
    serve(lab, "publci")


@healthy_apache(target="https://shop.example.com/cart")
def apache_section_is_for_the_folder(lab: Lab) -> None:
    """A section for a folder that is not there stands beside."""
    text = (
        SITE.format("public") + "<Directory /srv/shop/publci>\nRequire all granted\n</Directory>\n"
    )
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    lab.server.write("/srv/shop/public/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>")
    apache.serve(lab, site_with(text))


IN_A_FOLDER = """\
DocumentRoot /srv/shop/public
ProxyPass /ws ws://127.0.0.1:3000/ws
<Directory /srv/shop/public>
    Require all granted
</Directory>
<Directory {}/blog/>
    RewriteEngine On
    RewriteCond %{{REQUEST_FILENAME}} !-f
    RewriteRule ^ index.html [L]
</Directory>
"""


def serve_blog(lab: Lab, folder: str) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    page = "<!doctype html><title>Shop</title><p>Tea.</p>"
    lab.server.write("/srv/shop/public/index.html", page)
    lab.server.write("/srv/shop/public/blog/index.html", page)
    apache.serve(lab, site_with(IN_A_FOLDER.format(folder)))


@apache_scenario(
    outside=None,
    server="server.apache-section-misses-folder",
    target="https://shop.example.com/blog/tea/green",
    differs=(apache.SITE,),
)
def apache_section_has_the_path_of_the_url(lab: Lab) -> None:
    """https://github.com/picocms/Pico/issues/190"""
    serve_blog(lab, "")


@healthy_apache(target="https://shop.example.com/blog/tea/green")
def apache_section_has_the_folder_of_the_blog(lab: Lab) -> None:
    serve_blog(lab, "/srv/shop/public")
