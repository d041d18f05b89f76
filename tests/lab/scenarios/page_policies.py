"""The page answers, and a header of its own forbids what it asks for: no program but a browser
meets it.

After threads on GitHub: "Refused to load the image 'data:…'" (issue 20 of bepsvpt/secure-headers),
"Refused to send form data" (firefly-iii 8661, caddy-basicauth-totp 3), "microphone is not allowed
in this document" (trezy/next-safe 44), films of YouTube under COEP (TASVideos 1852), own frames and
X-Frame-Options (uccser/cs-field-guide 867), fonts of Google (helmetjs/helmet 66).
"""

from .. import site
from ..lab import Lab
from ..scenario import BARE, healthy, scenario
from .page_assets import CSS, FOLDER, _serve

HEAD = "<!doctype html>\n<title>Shop</title>\n<link rel=stylesheet href=/static/css/app.css>\n"
TEXT = "<p>Forty kinds of tea, and the pots that go with them.</p>\n"
RECORD = "async function record() { await navigator.mediaDevices.getUserMedia({audio: true}); }\n"
MAP = "<!doctype html>\n<title>Map</title>\n<p>Where our shops are.</p>\n"
FORM = "<form method=post action=/login><input name=user><button>Go</button></form>\n"
PICTURE = "<img src=https://cdn.example.net/tea.png alt=Tea>\n"
FRAME = "<iframe src=https://www.youtube.com/embed/tea></iframe>\n"


def _sends(lab: Lab, body: str, *fields: str, **files: str) -> None:
    """The page has this body, and nginx adds these fields."""
    lines = "".join(f"  add_header {field} always;\n" for field in fields)
    proxied = (
        "  location /login { proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host; }\n"
    )
    named = {"index.html": HEAD + TEXT + body, "static/css/app.css": CSS, **files}
    _serve(lab, f"  root {FOLDER};\n{lines}{proxied}", **named)


def _policy(text: str) -> str:
    return f'Content-Security-Policy "{text}"'


@scenario(outside="http.file-blocked-by-policy", differs=(site.CONF,))
def policy_without_the_pictures_of_the_page(lab: Lab) -> None:
    _sends(lab, PICTURE, _policy("default-src 'self'"))


@scenario(outside="http.file-blocked-by-policy", differs=(site.CONF,))
def policy_without_the_pictures_in_the_page(lab: Lab) -> None:
    """`*` does not allow `data:`."""
    _sends(lab, f"<img src=data:image/png;base64,{'A' * 600}>\n", _policy("img-src *"))


@scenario(outside="http.file-blocked-by-policy", differs=(site.CONF,))
def policy_without_the_fonts_of_a_style_sheet(lab: Lab) -> None:
    sheet = "<link rel=stylesheet href='https://fonts.googleapis.com/css2?family=Lato'>\n"
    policy = "default-src 'self'; style-src 'self' https://fonts.googleapis.com"
    _sends(lab, sheet, _policy(policy))


@scenario(outside="http.file-blocked-by-policy", differs=(site.CONF,))
def policy_without_the_interface_of_the_page(lab: Lab) -> None:
    """After issue 26317 of angular/angular: no data, and connect-src in nginx."""
    script = "<script src=/app.js></script>\n"
    request = "fetch('https://api.example.net/v1/items').then(show);\n"
    _sends(lab, script, _policy("default-src 'self'"), **{"app.js": request})


@scenario(outside="http.page-restricted", differs=(site.CONF,))
def policy_without_the_form_of_the_page(lab: Lab) -> None:
    _sends(lab, FORM, _policy("default-src 'self'; form-action 'none'"))


@scenario(outside="http.form-over-http", manual="the application writes the address")
def policy_that_forbids_the_form_over_http_alone(lab: Lab) -> None:
    """After https://github.com/nextcloud/server/issues/18155: form-action 'self' is right, and the
    application writes http:// into its pages."""
    form = FORM.replace("action=/", f"action=http://{site.NAME}/")
    _sends(lab, form, _policy("default-src 'self'; form-action 'self'"))


@healthy()
def policy_that_allows_the_form_of_the_page(lab: Lab) -> None:
    _sends(lab, FORM, _policy("default-src 'self'; form-action 'self'"))


@scenario(outside="http.page-restricted", differs=(site.CONF,))
def sandbox_for_uploads_around_the_page(lab: Lab) -> None:
    _sends(lab, "<script src=/app.js></script>\n", _policy("sandbox"), **{"app.js": "go();\n"})


@scenario(
    outside="http.feature-forbidden", differs=(site.CONF,),
)  # fmt: skip
def policy_without_the_microphone_of_the_page(lab: Lab) -> None:
    policy = 'Permissions-Policy "camera=(), microphone=(), geolocation=()"'
    _sends(lab, "<script src=/app.js></script>\n", policy, **{"app.js": RECORD})


@scenario(outside="http.isolation-policy", differs=(site.CONF,))
def isolation_that_keeps_films_out(lab: Lab) -> None:
    _sends(lab, FRAME, "Cross-Origin-Embedder-Policy require-corp")


@scenario(outside="http.framing-refused", differs=(site.CONF,))
def frames_that_the_own_page_may_not_show(lab: Lab) -> None:
    _sends(lab, "<iframe src=/map.html></iframe>\n", "X-Frame-Options DENY", **{"map.html": MAP})


@scenario(outside="http.source-shown", differs=(site.CONF,), not_on=BARE)
def includes_that_nobody_runs(lab: Lab) -> None:
    """After gilesorr.com/blog/nginx-ssi.html: a site that came from Apache."""
    files = {"menu.html": "<ul><li>Tea</ul>\n"}
    _sends(lab, '<!--#include virtual="/menu.html" -->\n', **files)


# Odd, and well


@healthy()
def strict_policy_that_allows_all_that_the_page_asks_for(lab: Lab) -> None:
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data: https://cdn.example.net; "
        "frame-src https://www.youtube.com; form-action 'self'; base-uri 'self'; "
        "script-src 'self'; connect-src 'self' https://api.example.net; frame-ancestors 'self'"
    )
    script = "<script src=/app.js></script>\n"
    request = "fetch('https://api.example.net/v1/items').then(show);\n"
    body = PICTURE + FRAME + FORM + script
    _sends(lab, body, _policy(policy), **{"app.js": request})


@healthy()
def policy_of_functions_that_the_page_does_not_use(lab: Lab) -> None:
    policy = 'Permissions-Policy "camera=(), geolocation=(), fullscreen=(), microphone=(self)"'
    _sends(lab, "<script src=/app.js></script>\n", policy, **{"app.js": RECORD})


@healthy()
def isolated_page_with_its_own_files(lab: Lab) -> None:
    fields = (
        "Cross-Origin-Embedder-Policy require-corp", "Cross-Origin-Opener-Policy same-origin",
        "Cross-Origin-Resource-Policy same-origin",
    )  # fmt: skip
    body = (
        "<iframe src=/map.html></iframe>\n<script src=https://cdn.jsdelivr.net/npm/vue></script>\n"
    )
    _sends(lab, body, *fields, **{"map.html": MAP})


@healthy()
def frames_that_only_the_own_page_may_show(lab: Lab) -> None:
    field = "X-Frame-Options SAMEORIGIN"
    _sends(lab, "<iframe src=/map.html></iframe>\n", field, **{"map.html": MAP})


@healthy()
def form_that_a_script_sends(lab: Lab) -> None:
    """`form-action 'none'` is right where no browser sends the form itself."""
    form = "<form><input name=q><button>Go</button></form>\n<script src=/app.js></script>\n"
    _sends(lab, form, _policy("default-src 'self'; form-action 'none'"), **{"app.js": "go();\n"})


@healthy()
def includes_in_an_example(lab: Lab) -> None:
    _sends(lab, '<pre>\n<!--#include virtual="/menu.html" -->\n</pre>\n')
