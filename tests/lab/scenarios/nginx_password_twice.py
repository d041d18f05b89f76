"""nginx.password-twice is a note: the site answers 401, which may be meant."""

from ..lab import Lab
from ..scenario import healthy
from .page_assets import PAGE

ASKS = "    auth_basic Private;\n    auth_basic_user_file /etc/nginx/htpasswd;\n    proxy_http"


@healthy()
def password_of_nginx_and_of_the_application(lab: Lab) -> None:
    """After issue 151 of cloudcmd. Where both have the same users it works."""
    lab.server.write("/etc/nginx/htpasswd", "admin:{PLAIN}secret\n")
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/:401:"), 3001)
    passed = PAGE.replace("127.0.0.1:3000", "127.0.0.1:3001")
    lab.change(PAGE, passed.replace("    proxy_http", ASKS))
