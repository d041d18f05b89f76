"""A front end was built with the http: address of the site, which reaches its requests by a name,
or puts "http://" before the page's host. Only a browser sees it.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

OWN = f"http://{site.NAME}"
BUILT = "the front end has to be built anew"
HTML = (
    '<!doctype html><title>Desk</title><div id="app"></div>'
    '<script type="module" src="/assets/index-4f2a.js"></script>\n'
)
#: The address reaches axios over two names.
NAMED = (
    f'const base="{OWN}";\nexport const config={{base_url:base+"/admin-api"}};\n'
    "const service=axios.create({baseURL:config.base_url});\n"
    'export const getCode=(data)=>service.post("/system/captcha/get",data);\n'
)
JOINED = (
    'const host=window.location.host;\nconst root="http://"+host+"/api";\n'
    'fetch(root+"/items").then((answer)=>answer.json());\n'
)
CHOSEN = (
    'const host=window.location.host;\nconst root=location.protocol==="https:"?"https://"+host:'
    '"http://"+host;\nfetch(root+"/items").then((answer)=>answer.json());\n'
)
LINKED = f'const home="{OWN}/";\nlogo.onclick=()=>location.href=home;\nfetch("/api/items");\n'
UPGRADED = "  add_header Content-Security-Policy upgrade-insecure-requests;\n"


def _serve(lab: Lab, script: str, lines: str = "") -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/desk"))
    lab.server.write("/srv/desk/index.html", HTML)
    lab.server.write("/srv/desk/assets/index-4f2a.js", script)
    lab.change(
        PAGE, f"{lines}  location / {{\n    root /srv/desk;\n    index index.html;\n  }}\n\n"
    )


@scenario(outside="http.mixed-content", manual=BUILT)
def script_names_the_site_by_http_and_axios_takes_the_name(lab: Lab) -> None:
    """https://github.com/YunaiV/ruoyi-vue-pro/issues/436"""
    _serve(lab, NAMED)


@scenario(outside="http.mixed-content", manual=BUILT)
def script_puts_http_before_the_host_of_the_page(lab: Lab) -> None:
    """https://github.com/axios/axios/issues/1197, with the host of the page itself."""
    _serve(lab, JOINED)


@healthy()
def script_names_the_site_by_http_and_browsers_use_https(lab: Lab) -> None:
    _serve(lab, NAMED, UPGRADED)


@healthy()
def script_chooses_the_scheme_of_the_page(lab: Lab) -> None:
    _serve(lab, CHOSEN)


@healthy()
def script_only_leads_visitors_to_the_http_address(lab: Lab) -> None:
    """It redirects to https."""
    _serve(lab, LINKED)
