"""What strangers have who followed a guide to put nginx and HTTPS in front of an application, after
their threads on GitHub."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PASS = "http://127.0.0.1:3000"
HOST = "    proxy_set_header Host $http_host;\n"
OWN_BLOCK = {"redhat": "its package's own block answers to localhost on port 80"}
MOVED = "where the files are to lie is a choice"


# The application's address


@scenario(outside="http.redirect-loop", server="upstream.proxied-to-itself", differs=MINE)
def site_is_proxied_to_its_own_port_80(lab: Lab) -> None:
    """The guide's proxy_pass http://example.org was filled in with the site's name, after issue 46
    of wmnnd/nginx-certbot: the redirect to https answers."""
    lab.change(PAGES, PAGES.replace(PASS, "http://shop.example.com"))


@scenario(
    outside="http.redirect-loop", server="upstream.proxied-to-itself", differs=MINE,
    not_on=OWN_BLOCK,
)  # fmt: skip
def port_of_the_application_is_missing(lab: Lab) -> None:
    """proxy_pass http://localhost; and certbot's way to write the redirect."""
    by_certbot = (
        "server {\n  if ($host = shop.example.com) {\n    return 301 https://$host$request_uri;\n"
        "  }\n  listen 80;\n  server_name shop.example.com;\n  return 404;\n}\n"
    )
    lab.edit(site.HTTP, by_certbot)
    lab.change(PAGES, PAGES.replace(PASS, "http://localhost"))


@scenario(
    outside="http.redirect-wrong-host", server="upstream.proxied-to-itself", differs=MINE,
    not_on=OWN_BLOCK,
)  # fmt: skip
def port_and_host_of_the_application_are_missing(lab: Lab) -> None:
    """Without the Host field the redirect leads to https://localhost/."""
    lab.change(PAGES, PAGES.replace(PASS, "http://localhost").replace(HOST, ""))


@healthy()
def block_for_another_name_on_port_80_is_the_application(lab: Lab) -> None:
    """nginx passes on to itself on purpose: the name selects another block."""
    inner = (
        "server {\n  listen 127.0.0.1:80;\n  server_name app.internal;\n"
        f"  location / {{\n    proxy_pass {PASS};\n{HOST}  }}\n}}\n"
    )
    lab.edit(site.MAP, f"{site.MAP}\n{inner}")
    named = PAGES.replace(PASS, "http://127.0.0.1").replace("$http_host", "app.internal")
    lab.change(PAGES, named)


# Files beside an application that answers every path


@scenario(
    outside=None, server="nginx.file-forbidden", manual=MOVED, not_on=UNLOGGED,
    target=f"https://{site.NAME}/app/",
)  # fmt: skip
def site_in_the_home_of_root(lab: Lab) -> None:
    """After issue 2344 of nginx-proxy: `location /app` has the files, and nginx may not enter."""
    lab.server.write("/root/volumes/app/index.html", "<!doctype html><title>App</title><p>Hi.\n")
    lab.server.sh("chmod 700 /root")
    lab.undo(lambda: lab.server.sh("rm -r /root/volumes"))
    lab.change(PAGES, f"  location /app {{\n    alias /root/volumes/app;\n  }}\n\n{PAGES}")


@scenario(
    outside="http.page-file-missing", server="nginx.page-file-forbidden",
    differs=("/home/shop",), not_on={"redhat": "its unit hides /home (ProtectHome)"},
)  # fmt: skip
def static_files_in_a_closed_home(lab: Lab) -> None:
    """After issue 1288 of Yamtrack: Ubuntu's homes are closed to others."""
    lab.application("--mode", "one-page")
    lab.server.write("/home/shop/static/app.js", "document.title += '!';\n")
    lab.server.sh("chmod 755 /home/shop/static; chmod 750 /home/shop")
    lab.undo(lambda: lab.server.sh("rm -r /home/shop"))
    lab.change(PAGES, f"  location /assets/ {{\n    alias /home/shop/static/;\n  }}\n\n{PAGES}")


# The root


@scenario(outside=None, server="nginx.index-missing", differs=MINE, not_on=UNLOGGED)
def root_is_the_project(lab: Lab) -> None:
    """After issue 455 of docker-letsencrypt: Laravel's folder in place of its folder public."""
    project = "/var/www/project"
    lab.server.write(f"{project}/artisan", "#!/usr/bin/env php\n")
    lab.server.write(f"{project}/public/index.html", "<!doctype html><title>Shop</title><p>Hi.\n")
    lab.server.sh(f"chmod -R a+rX {project}")
    lines = "    index index.html index.php;\n    try_files $uri $uri/ =404;\n"
    lab.change(PAGES, f"  root {project};\n  location / {{\n{lines}  }}\n\n")


# Text that a shell has changed


@scenario(outside="http.redirect-wrong-host", server="nginx.escaped-variable", differs=MINE)
def backslash_in_the_redirect_to_https(lab: Lab) -> None:
    r"""`https://\$host\$request_uri` of a here-document, after issue 59 of microblog."""
    lab.change("return 301 https://$host$request_uri;", r"return 301 https://\$host\$request_uri;")
