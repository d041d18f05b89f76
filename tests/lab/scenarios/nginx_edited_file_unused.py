"""nginx reads an older copy of the file that was edited."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

CHECK = "nginx.edited-file-unused"
AVAILABLE, ENABLED = "/etc/nginx/sites-available/shop.conf", "/etc/nginx/sites-enabled/shop.conf"
SOCKET = site.HTTPS[site.HTTPS.index("  location /ws {") :].removesuffix("}\n")
WHOLE = f"{site.MAP}\n{site.HTTPS}\n{site.HTTP}"
ONE_LAYOUT = dict.fromkeys(
    ("redhat", "nginx.org", "built-*", "panel"), "its folders are others than Debian's"
)


def _lay(lab: Lab, enabled: str, *, is_link: bool = False) -> None:
    """The site in Debian's folders: the whole file in sites-available."""
    server = lab.server
    server.sh(f"rm -f {site.CONF} /etc/nginx/sites-enabled/*")
    server.write(AVAILABLE, WHOLE)
    if is_link:
        server.sh(f"ln -s {AVAILABLE} {ENABLED}")
    else:
        server.write(ENABLED, enabled)
        server.sh(f"touch -d '2 days ago' {ENABLED}")
    lab.restart_nginx()


@scenario(
    outside="websocket.not-upgraded",
    server=CHECK,
    args=("--ws", "/ws"),
    not_on=ONE_LAYOUT,
    differs=(ENABLED, f"{AVAILABLE}.before-link"),
)
def enabled_file_is_an_old_copy(lab: Lab) -> None:
    """After https://stultus.in/notes/nginx-sites-available-vs-enabled/: real files in both
    folders, of which one is edited and the other forgotten."""
    files = "  location /ws {\n    root /var/www/html;\n  }\n"
    _lay(lab, WHOLE.replace(SOCKET, files))


@healthy(args=("--ws", "/ws"), not_on=ONE_LAYOUT)
def enabled_file_is_a_link_to_the_edited_one(lab: Lab) -> None:
    _lay(lab, "", is_link=True)
    lab.server.sh(f"touch {AVAILABLE}")


@healthy(args=("--ws", "/ws"), not_on=ONE_LAYOUT)
def enabled_file_is_a_copy_and_the_draft_is_newer(lab: Lab) -> None:
    """The site works: a newer draft is no fault."""
    _lay(lab, WHOLE)
    lab.server.write(
        AVAILABLE, WHOLE.replace("location /ws {", "location /ws {\n    proxy_buffering off;")
    )
