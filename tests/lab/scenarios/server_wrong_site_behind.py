"""nginx passes the page on to Apache, whose site of the name is elsewhere. After threads on the
forums of HestiaCP and of cPanel: "It works!" or 404 after a template was changed."""

from ..lab import Lab
from .apache import apache_scenario
from .server_failed_behind import HTACCESS, INNER, serve


@apache_scenario(
    outside="http.not-the-site",
    server="server.wrong-site-behind",
    differs=("/etc/apache2/sites-available/shop.conf",),
)
def site_of_apache_behind_nginx_is_on_another_port(lab: Lab) -> None:
    serve(lab, HTACCESS, INNER.replace("127.0.0.1:8080", "127.0.0.1:8081"))
