"""The answer begins well, and its body does not arrive, or is not what its header says."""

import re

from .. import site
from ..lab import HERE, Lab
from ..scenario import UNLOGGED, healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PASS = "proxy_pass http://127.0.0.1:3000;"
PROGRAM = str(HERE / "applications" / "raw_server.py")
APPLICATION = "the application has to be mended"
LISTEN = "listen 443 ssl;"
DIRECT = f"https://{site.NAME}:8443/"
FOLDER = "/var/www/shop"
MAIN = "/etc/nginx/nginx.conf"


def _serve(lab: Lab, mode: str, *lines: str, http2: bool = True) -> None:
    """nginx passes the pages on to a program that answers so; `lines` are added."""
    lab.spawn(lab.server, lab.server.python(PROGRAM, mode), 3001)
    if http2:
        lab.edit(LISTEN, f"{LISTEN}\n  http2 on;")
    written = "".join(f"    {line}\n" for line in lines)
    page = PAGES.replace(PASS, f"{PASS}\n{written}".rstrip()).replace(":3000", ":3001")
    lab.change(PAGES, page)


def _serve_directly(lab: Lab, mode: str, alpn: str = "http/1.1") -> None:
    """The program ends TLS itself, on another port, with the site's certificate."""
    for words in (["--permanent"], []):
        lab.server.run(["firewall-cmd", *words, "--add-port=8443/tcp"], check=True)
    files = ("--certificate", site.PEM, "--key", site.KEY)
    argv = lab.server.python(PROGRAM, mode, "--port", "8443", *files, "--alpn", alpn)
    lab.spawn(lab.server, argv, 8443)


# Cut off


@scenario(outside="http.body-cut", server="upstream.response-cut", manual=APPLICATION)
def application_ends_in_the_middle(lab: Lab) -> None:
    """After threads about ERR_CONTENT_LENGTH_MISMATCH with gunicorn: the worker is killed by its
    timeout while it sends, and nginx logs "upstream prematurely closed connection"."""
    _serve(lab, "cut")


@scenario(outside="http.body-cut", server="upstream.response-cut", manual=APPLICATION)
def last_chunk_is_missing(lab: Lab) -> None:
    """After a blog about Ktor behind nginx: "Chunked stream has ended unexpectedly", and
    ERR_INCOMPLETE_CHUNKED_ENCODING in browsers."""
    _serve(lab, "cut-chunks", http2=False)


@scenario(outside="http.body-cut", server="upstream.response-cut", manual=APPLICATION)
def application_resets_in_the_middle(lab: Lab) -> None:
    """After threads about an application that the system kills because memory ran out."""
    _serve(lab, "reset")


@scenario(outside="http.body-cut", server="upstream.response-cut", manual=APPLICATION)
def length_counts_what_is_not_there(lab: Lab) -> None:
    """After threads about a Content-Length of characters where bytes are sent, or the other way
    round: a few bytes are missing at the end (curl 18)."""
    _serve(lab, "characters")


@scenario(outside="http.body-cut", server="upstream.response-cut", manual=APPLICATION)
def application_cuts_and_nothing_is_logged(lab: Lab) -> None:
    """The site's log is switched off, so that only the application itself shows it."""
    lab.edit(LISTEN, f"{LISTEN}\n  error_log /dev/null crit;")
    _serve(lab, "cut")


@scenario(outside="http.body-cut", server="nginx.temp-files-unwritable")
def page_too_large_for_the_buffers(lab: Lab) -> None:
    """After threads about `open() "/var/lib/nginx/proxy/…" failed (13: Permission denied) while
    reading upstream`: `user` was changed, and large pages are cut."""
    lab.server.sh("mkdir -p /srv/temporary && chmod 711 /srv/temporary")
    _serve(
        lab, "big", "proxy_buffers 2 4k;", "proxy_buffer_size 4k;", "proxy_busy_buffers_size 4k;",
        "proxy_temp_path /srv/temporary/proxy;",
        # The visitor takes it more slowly than the application gives it, on every machine.
        "limit_rate 64k;",
    )  # fmt: skip
    # The folder above: `nginx -t` of root gives the folder itself to the workers again.
    lab.server.sh("chmod 700 /srv/temporary")


# Not what the header says


@scenario(outside="http.wrong-content-encoding", differs=MINE)
def coding_added_by_hand(lab: Lab) -> None:
    """After threads about ERR_CONTENT_DECODING_FAILED: `add_header Content-Encoding gzip;` beside
    `gzip on;`, so that the coding is named and applied differently."""
    lines = "gzip on;\n    gzip_min_length 1;\n    add_header Content-Encoding gzip;"
    lab.change(PAGES, PAGES.replace(PASS, f"{PASS}\n    {lines}"))


@scenario(outside="http.wrong-content-encoding", manual=APPLICATION)
def compressed_by_two(lab: Lab) -> None:
    """After threads about PHP: zlib.output_compression and ob_gzhandler both compress."""
    _serve(lab, "gzip-twice")


@scenario(outside="http.wrong-content-encoding", manual=APPLICATION)
def coding_copied_from_another_answer(lab: Lab) -> None:
    """After threads about gateways that pass on the header of a response whose body their client
    library has decompressed."""
    _serve(lab, "gzip-in-name")


# The header


@scenario(
    outside="http.server-error",
    server="upstream.invalid-header",
    manual=APPLICATION,
    not_on=UNLOGGED,
)
def coding_twice(lab: Lab) -> None:
    """After an issue of Spring Boot: Transfer-Encoding twice, and nginx since 1.23 answers 502."""
    _serve(lab, "coding-twice", http2=False)


@scenario(
    outside="http.server-error",
    server="upstream.invalid-header",
    manual=APPLICATION,
    not_on=UNLOGGED,
)
def space_in_a_name(lab: Lab) -> None:
    """After threads about "upstream sent invalid header": X Frame Options, as somebody typed it."""
    _serve(lab, "space", http2=False)


@scenario(outside="http.server-error", manual=APPLICATION, not_on=UNLOGGED)
def reason_left_out_of_the_log(lab: Lab) -> None:
    """The same where a panel's `error_log … crit` stands, after threads in BaoTa's forum: the log
    file is empty."""
    log = lab.server.here("/var/log/nginx/error.log")
    text = lab.server.read(MAIN)
    text = re.sub(r"error_log\s[^;]*;", f"error_log {log} crit;", text, count=1)
    lab.server.write(MAIN, text.encode())
    _serve(lab, "space", http2=False)


@scenario(
    outside="http.server-error",
    server="upstream.invalid-header",
    manual=APPLICATION,
    not_on=UNLOGGED,
)
def length_and_chunks(lab: Lab) -> None:
    """After threads about 'upstream sent "Content-Length" and "Transfer-Encoding" headers'."""
    _serve(lab, "both", http2=False)


@scenario(outside="http.invalid-header", target=DIRECT, manual=APPLICATION)
def two_lengths(lab: Lab) -> None:
    """After threads about ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH: an application with TLS of
    its own, and no proxy that would refuse it."""
    _serve_directly(lab, "two-lengths")


# HTTP/2


@scenario(outside="http.http2-broken", differs=MINE)
def upgrade_of_an_apache(lab: Lab) -> None:
    """After an issue of curl and a blog about Safari (NSPOSIXErrorDomain:100): an Apache behind
    nginx says `Upgrade: h2,h2c`, and nginx passes it on over HTTP/2."""
    _serve(lab, "h2c")


@scenario(outside="http.http2-broken", differs=MINE)
def add_header_in_place_of_proxy_set_header(lab: Lab) -> None:
    """After threads about WebSockets: the two lines are written with the wrong directive."""
    lab.edit(LISTEN, f"{LISTEN}\n  http2 on;")
    lab.change(PAGES, PAGES.replace(PASS, f"{PASS}\n    add_header Upgrade websocket;"))


@scenario(outside="http.http2-broken", target=DIRECT, manual="the front has to be changed")
def http2_agreed_and_not_spoken(lab: Lab) -> None:
    """After threads about HAProxy: `mode tcp` with `alpn h2,http/1.1` in front of a server that
    speaks HTTP/1.1 alone."""
    _serve_directly(lab, "page", "h2,http/1.1")


@scenario(outside="http.http2-broken", target=DIRECT, manual="the server has to be mended")
def http2_goes_away(lab: Lab) -> None:
    """After threads about ERR_HTTP2_PROTOCOL_ERROR that `curl --http1.1` does not show."""
    _serve_directly(lab, "goes-away", "h2,http/1.1")


# Odd, and nothing is wrong


@healthy()
def chunks_with_trailers(lab: Lab) -> None:
    _serve(lab, "trailers")


@healthy(target=DIRECT)
def end_of_the_connection_ends_the_page(lab: Lab) -> None:
    """HTTP/1.0, no length, and TLS is closed as it should be."""
    _serve_directly(lab, "no-length")


@healthy()
def only_head_is_allowed(lab: Lab) -> None:
    _serve(lab, "head-only")


@healthy()
def compressed_well(lab: Lab) -> None:
    """gzip by nginx over HTTP/2, as nearly everywhere."""
    lab.edit(LISTEN, f"{LISTEN}\n  http2 on;")
    lab.change(PAGES, PAGES.replace(PASS, f"{PASS}\n    gzip on;\n    gzip_min_length 1;"))


@healthy()
def compressed_unasked(lab: Lab) -> None:
    """gzip, whatever is accepted."""
    _serve(lab, "gzip")


@healthy()
def brotli(lab: Lab) -> None:
    _serve(lab, "brotli")


@healthy()
def charset_in_the_wrong_field(lab: Lab) -> None:
    """Content-Encoding: UTF-8, which browsers do not know and pass over."""
    _serve(lab, "charset-as-coding")


@healthy()
def page_without_content(lab: Lab) -> None:
    _serve(lab, "no-content")


@scenario(outside="http.part-of-page", manual=APPLICATION)
def page_that_was_not_modified(lab: Lab) -> None:
    """304 to everybody, with the length that the page would have: the body is not cut, but a
    visitor without a copy of the page sees nothing."""
    _serve(lab, "not-modified")


@healthy()
def page_is_a_large_download(lab: Lab) -> None:
    """100 MiB, which nobody reads to the end."""
    lab.server.sh(f"mkdir -p {FOLDER} && truncate -s 100M {FOLDER}/big.bin")
    page = f"  root {FOLDER};\n  location / {{ try_files /big.bin =404; }}\n"
    lab.change(PAGES, page)


@healthy()
def page_is_a_stream_of_events(lab: Lab) -> None:
    _serve(lab, "events")


@healthy()
def page_never_ends(lab: Lab) -> None:
    """A page that goes on for ever, as a camera's picture does."""
    _serve(lab, "endless", "proxy_buffering off;")


@healthy()
def apache_that_offers_h2c_to_http_1_1(lab: Lab) -> None:
    """Over HTTP/1.1 a server may say what it could upgrade to (RFC 9110 section 7.8)."""
    _serve(lab, "h2c", http2=False)
