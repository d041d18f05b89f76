"""Scenarios of http.page-kept-too-long."""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES as APACHE_FILES
from .apache import apache_scenario, healthy_apache
from .nginx_other_requests_failed import LOG, visit
from .page_assets import FOLDER, _build, _serve

KEPT = (
    f"  root {FOLDER};\n  location / {{\n    expires 1y;\n    try_files $uri /index.html;\n  }}\n"
)
FILES = f"  root {FOLDER};\n  location / {{ try_files $uri /index.html; }}\n"
ASSETS = "  location /assets/ { expires 1y; }\n"


def _names() -> dict[str, str]:
    names = {name.replace("4f2a", "4f2a9c1b"): text for name, text in _build().items()}
    names["index.html"] = names["index.html"].replace("4f2a", "4f2a9c1b")
    return names


def _site(lab: Lab, lines: str) -> None:
    _serve(lab, lines, **_names())


@scenario(outside="http.page-kept-too-long", differs=(site.CONF,))
def page_of_a_build_that_browsers_keep(lab: Lab) -> None:
    """After issue 17 of Steemhunt: index.html was kept, and visitors saw the old release."""
    _site(lab, KEPT)


@healthy()
def files_of_a_build_that_browsers_keep(lab: Lab) -> None:
    _site(lab, FILES + ASSETS)


STUCK = ("when we release a new version users are stuck on the older version for a while",)


@scenario(outside="http.page-kept-too-long", args=STUCK, differs=(site.CONF,))
def page_of_a_new_build_says_nothing(lab: Lab) -> None:
    """https://github.com/recipeyak/recipeyak/pull/561: today's page is new, and the one before it
    was kept by its date."""
    _site(lab, FILES + ASSETS)


@healthy(args=STUCK)
def page_of_a_new_build_is_asked_for(lab: Lab) -> None:
    asked = '  location = /index.html { add_header Cache-Control "no-cache"; }\n'
    _site(lab, FILES.replace("  location /", f"{asked}  location /") + ASSETS)


#: A missing file answers 404.
FILES_ALONE = "  location /assets/ { expires 1y; try_files $uri =404; }\n"
OLD = "/assets/index-77aa9c1b.js"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0"


def _visited(lab: Lab, page: str = "") -> None:
    """A visitor has the page of another build, and asks for its script."""
    lab.server.sh(f"rm -f {LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {LOG}"))
    files = FILES.replace("{ try_files", "{ " + page + "try_files")
    _site(lab, f"  access_log {LOG} combined;\n{files}{FILES_ALONE}")
    lab.server.sh(f"touch -d '9 days ago' {FOLDER}/index.html")
    # The other script is loaded too, so that it was a browser.
    visit(lab, "/assets/index-9c1b.css", "-A", CHROME)
    visit(lab, OLD, "-A", CHROME)


@scenario(outside=None, server="http.page-kept-too-long", manual="browsers keep what they have")
def page_of_an_older_build_in_browsers(lab: Lab) -> None:
    """After https://github.com/AceDataCloud/Nexior/pull/565: the page says nothing of how long it
    may be kept, and visitors ask for scripts that are gone."""
    _visited(lab)


@healthy()
def page_that_browsers_ask_for(lab: Lab) -> None:
    """The same requests: tabs that were open before."""
    _visited(lab, "expires -1; ")


# Apache

DEPLOYED = ("Uncaught SyntaxError: Unexpected token '<' after a deploy",)


def _old_files(lab: Lab) -> None:
    for path, text in _names().items():
        lab.server.sh(f"mkdir -p {FOLDER}/{path.rpartition('/')[0]}")
        lab.server.write(f"{FOLDER}/{path}", text)
    lab.server.sh(f"chmod -R a+rX {FOLDER}; touch -d '9 days ago' {FOLDER}/index.html")


def _apache(lab: Lab, lines: str) -> None:
    _old_files(lab)
    head = apache.HTTPS[: apache.HTTPS.index("    ProxyPass / ")].replace("/var/www/html", FOLDER)
    folder = f"    <Directory {FOLDER}>\n        Require all granted\n    </Directory>\n"
    text = f"{head}{folder}    FallbackResource /index.html\n{lines}"
    apache.serve(lab, f"{text}</VirtualHost>\n\n{apache.HTTP}")


@apache_scenario(
    outside="http.page-kept-too-long", args=DEPLOYED, differs=APACHE_FILES
)  # fmt: skip
def apache_says_nothing_of_a_page_of_a_build(lab: Lab) -> None:
    _apache(lab, "")


@healthy_apache(args=DEPLOYED)
def apache_has_pages_asked_for_again(lab: Lab) -> None:
    field = '        Header set Cache-Control "no-cache"\n'
    _apache(lab, f'    <FilesMatch "\\.html$">\n{field}    </FilesMatch>\n')
