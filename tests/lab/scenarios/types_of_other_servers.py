"""Apache or Caddy names a wrong type or encoding of its own files."""

from .. import apache, caddy, site
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .fields_of_other_servers import _apache, _caddy

TEXT = "<!doctype html>\n<title>茶</title>\n<p>四十种茶，还有泡茶的壶。现在下单，明天送到。</p>\n"


@apache_scenario(outside="http.page-file-type", differs=(apache.SITE,))
def apache_sends_style_sheets_as_plain_text(lab: Lab) -> None:
    _apache(lab, "", "    AddType text/plain .css\n    Header set X-Content-Type-Options nosniff\n")
    apache.start(lab)


@apache_scenario(
    outside="http.own-file-type", target=f"https://{site.NAME}/app.wasm",
    args=("TypeError: Incorrect response MIME type. Expected 'application/wasm'.",),
    differs=(apache.SITE,),
)  # fmt: skip
def apache_sends_webassembly_as_plain_text(lab: Lab) -> None:
    """After https://github.com/LeastAuthority/winden/pull/31: the file itself is asked for."""
    _apache(lab, "", "    AddType text/plain .wasm\n", **{"app.wasm": "asm"})
    apache.start(lab)


PROGRAM = "<!doctype html><title>Viewer</title><p>Viewer</p><script>{}</script>"
STREAMED = "WebAssembly.instantiateStreaming(fetch('program.wasm'), {}).then(start);"


@apache_scenario(outside="http.page-file-type", differs=(apache.SITE,))
def apache_knows_no_type_of_a_program_that_the_page_streams(lab: Lab) -> None:
    """After https://github.com/mdn/webassembly-examples/issues/5."""
    files = {"index.html": PROGRAM.format(STREAMED), "program.wasm": "asm"}
    _apache(lab, "", "    AddType application/octet-stream .wasm\n", **files)
    apache.start(lab)


@healthy_apache()
def apache_knows_the_type_of_a_program_that_the_page_streams(lab: Lab) -> None:
    files = {"index.html": PROGRAM.format(STREAMED), "program.wasm": "asm"}
    _apache(lab, "", "    AddType application/wasm .wasm\n", **files)
    apache.start(lab)


@apache_scenario(outside="http.charset-wrong", differs=(apache.SITE,))
def apache_names_another_encoding(lab: Lab) -> None:
    """After many questions: the default of an old distribution was kept."""
    _apache(lab, "", "    AddDefaultCharset ISO-8859-1\n", **{"index.html": TEXT})
    apache.start(lab)


@caddy_scenario(outside="http.page-file-type", differs=(caddy.CONFIG,))
def caddy_sends_style_sheets_as_plain_text(lab: Lab) -> None:
    _caddy(
        lab, "", "header /static/* Content-Type text/plain", "header X-Content-Type-Options nosniff"
    )


@healthy_apache()
def apache_names_the_right_encoding(lab: Lab) -> None:
    lines = "    AddDefaultCharset UTF-8\n    AddType text/css .css\n"
    _apache(lab, "", lines, **{"index.html": TEXT})
    apache.start(lab)
