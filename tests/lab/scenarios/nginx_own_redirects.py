"""nginx's own `return` and `rewrite` lead back to where the visitor is."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
TARGET = f"https://{site.NAME}/docs/go/"


def _page(lab: Lab, rule: str) -> None:
    """Let nginx have the page, and write the rule before its other locations."""
    lab.server.sh("mkdir -p /srv/www/docs/go")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/www/docs"))
    lab.server.write("/srv/www/docs/go/index.html", "<!doctype html><title>Go</title><p>Go.</p>")
    files = "  location /docs/ {\n    root /srv/www;\n  }\n"
    lab.change(PAGES, f"{files}  {rule}\n\n{PAGES}")


@scenario(target=TARGET, outside="http.redirect-loop", differs=MINE)
def an_optional_slash_leads_to_itself(lab: Lab) -> None:
    """The rule is for a path without its slash, and takes the one with it, too."""
    _page(lab, "location ~ ^/docs/go/?$ {\n    return 301 /docs/go/;\n  }")


@scenario(target=TARGET, outside="http.redirect-loop", differs=MINE)
def a_rewrite_with_an_optional_slash_leads_to_itself(lab: Lab) -> None:
    _page(lab, "rewrite ^/docs/(go|php)/?$ /docs/$1/ permanent;")


@scenario(target=TARGET, outside="http.redirect-loop", differs=MINE)
def two_rules_lead_to_each_other(lab: Lab) -> None:
    """One adds the slash, and the other takes it away."""
    _page(
        lab,
        "location = /docs/go/ {\n    return 301 /docs/go;\n  }\n"
        "  location = /docs/go {\n    return 301 /docs/go/;\n  }",
    )


@scenario(outside="http.redirect-loop", server="nginx.name-on-other-address", differs=MINE)
def the_site_listens_on_loopback_and_its_other_name_leads_to_it(lab: Lab) -> None:
    """The block of "www." is alone on the address of visitors."""
    head = site.HTTPS[: site.HTTPS.index("  ssl_session_timeout")]
    www = head.replace("server_name ", "server_name www.")
    rule = "  return 301 https://shop.example.com$request_uri;\n}\n\n"
    lab.edit("listen 443 ssl;", "listen 127.0.0.1:443 ssl;")
    text = lab.server.read(site.CONF)
    lab.change(text, f"{www}{rule}{text}")


SLASH = "rewrite ^/(.*)/$ /$1 permanent;"


@scenario(target=TARGET, outside="http.redirect-loop", differs=MINE)
def a_folder_undoes_the_rule_about_the_slash(lab: Lab) -> None:
    """`rewrite ^/(.*)/$ /$1 permanent` of many guides: nginx itself adds the slash to a folder."""
    _page(lab, SLASH)


@scenario(target=TARGET, outside="http.redirect-loop", differs=MINE)
def a_location_about_the_slash_is_undone_by_a_folder(lab: Lab) -> None:
    _page(lab, "location ~ ^(/docs/.+)/$ {\n    return 301 $1;\n  }")


@healthy(target=TARGET.rstrip("/"))
def a_rule_about_the_slash_of_a_program_that_has_none(lab: Lab) -> None:
    """The application answers both forms; no folder is in the way."""
    lab.change(PAGES, f"  {SLASH}\n\n{PAGES}")


@healthy(target=TARGET)
def a_rule_takes_the_path_without_the_slash(lab: Lab) -> None:
    _page(lab, "location ~ ^/docs/go$ {\n    return 301 /docs/go/;\n  }")


LOST = f"http://{site.NAME}/products?page=2"
WHOLE = "return 301 https://$host$request_uri;"
JOINED = f"rewrite ^/(.*)$ https://{site.NAME}$1 permanent;"


@scenario(target=LOST, outside="http.redirect-wrong-host", differs=MINE)
def a_rewrite_joins_the_path_to_the_name(lab: Lab) -> None:
    """The slash is not in the group, and not before it."""
    lab.change(WHOLE, JOINED)


@healthy(target=LOST)
def a_rewrite_keeps_the_slash(lab: Lab) -> None:
    lab.change(WHOLE, JOINED.replace("$1", "/$1"))


@scenario(
    outside="http.redirect-to-error", differs=MINE, manual="only the owner knows the right folder"
)
def a_return_names_a_folder_that_is_not_there(lab: Lab) -> None:
    """It has a path alone, which nginx completes (absolute_redirect)."""
    missing = "  location = /doc/ {\n    return 404;\n  }\n"
    lab.change(PAGES, f"location = / {{\n    return 302 /doc/;\n  }}\n{missing}\n{PAGES}")


@healthy()
def a_return_names_a_folder_that_is_there(lab: Lab) -> None:
    lab.change(PAGES, f"location = / {{\n    return 302 /docs/;\n  }}\n\n{PAGES}")
