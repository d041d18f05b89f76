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


@scenario(
    target=TARGET, outside="http.redirect-loop", differs=MINE, manual="two rules, and one is meant"
)
def two_rules_lead_to_each_other(lab: Lab) -> None:
    """One adds the slash, and the other takes it away."""
    _page(
        lab,
        "location = /docs/go/ {\n    return 301 /docs/go;\n  }\n"
        "  location = /docs/go {\n    return 301 /docs/go/;\n  }",
    )


@healthy(target=TARGET)
def a_rule_takes_the_path_without_the_slash(lab: Lab) -> None:
    _page(lab, "location ~ ^/docs/go$ {\n    return 301 /docs/go/;\n  }")
