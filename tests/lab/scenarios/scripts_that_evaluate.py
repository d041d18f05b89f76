"""A Content-Security-Policy that nginx adds, and scripts that run a text as a program."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .http_page_for_api import single_page

WHITE = ("the site just gives me a completely white screen",)
TEMPLATES = 'const render = new Function("data", compile(template));\nrender(app);\n'
SOURCES = "default-src 'self' http: https: data: blob: 'unsafe-inline'"


def _policy(lab: Lab, sources: str, script: str = TEMPLATES) -> None:
    single_page(lab, script, f'  add_header Content-Security-Policy "{sources}" always;\n')


@scenario(outside="http.scripts-blocked", args=WHITE, differs=(site.CONF,))
def policy_of_nginx_stops_templates_in_the_browser(lab: Lab) -> None:
    """The policy of a generator of configurations. After
    https://github.com/requarks/wiki/issues/2371."""
    _policy(lab, SOURCES)


@scenario(
    outside="http.scripts-blocked", differs=(site.CONF,),
    args=("Das Dashboard bleibt leer, in der Konsole steht nur EvalError",),
)  # fmt: skip
def policy_of_nginx_stops_templates_and_the_console_names_the_error(lab: Lab) -> None:
    """After https://github.com/matomo-org/matomo-nginx/issues/71."""
    _policy(lab, SOURCES)


@healthy(args=WHITE)
def policy_of_nginx_allows_templates_in_the_browser(lab: Lab) -> None:
    _policy(lab, f"{SOURCES} 'unsafe-eval'")


@healthy(args=WHITE)
def scripts_ask_for_the_global_object(lab: Lab) -> None:
    """As many builds do, which have another way as well."""
    _policy(lab, SOURCES, 'const g = this || new Function("return this")();\nstart(g);\n')
