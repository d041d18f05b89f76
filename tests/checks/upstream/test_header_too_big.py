import pytest

from diagnose.model import Edit, Severity
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, LOADED, RUNNING, SITE, config
from tests.support.upstream_evidence import asked, logged, page

CHECK = "upstream.header-too-big"
SAID = "upstream sent too big header while reading response header from upstream"
BIG = asked(head=9100)


def diff(text: str, *observations: object) -> str:
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, *observations)  # type: ignore[arg-type]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_when_the_head_does_not_fit_into_a_page() -> None:
    (claim,) = judge(CHECK, config(), BUILD, RUNNING, page(), BIG)
    assert claim.severity is None
    assert (claim.facts["size"], claim.facts["limit"]) == (9100, 4096)
    # Twice the buffer is more than seven pages: nginx would refuse the buffer alone.
    made = diff(SITE, page(), BIG)
    assert "+        proxy_buffer_size 16k;\n" in made
    assert "+        proxy_buffers 8 16k;\n" in made


def test_fires_by_the_log_alone_and_guesses() -> None:
    (claim,) = judge(CHECK, config(), BUILD, RUNNING, page(), logged(SAID))
    assert claim.facts["size"] == ""
    assert claim.facts["message"] == SAID


def test_fires_for_a_fastcgi_location() -> None:
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", "fastcgi_pass 127.0.0.1:9000;")
    line = logged(SAID, upstream="fastcgi://127.0.0.1:9000")
    assert "+        fastcgi_buffer_size 16k;\n" in diff(text, page(), line)


def test_what_was_set_is_changed_and_what_depends_on_it() -> None:
    lines = "        proxy_buffer_size 8k;\n        proxy_busy_buffers_size 8k;\n"
    text = SITE.replace("        proxy_set_header", f"{lines}        proxy_set_header")
    made = diff(text, page(), BIG)
    assert "-        proxy_buffer_size 8k;\n" in made
    assert "+        proxy_buffer_size 16k;\n" in made
    assert "+        proxy_busy_buffers_size 32k;\n" in made


def test_warns_where_another_page_meets_it() -> None:
    line = logged(SAID, request="GET /account HTTP/1.1")
    (claim,) = judge(CHECK, config(), BUILD, RUNNING, page(200), line)
    assert claim.severity is Severity.WARNING
    assert claim.facts["path"] == "/account"
    # What the access log has of the same request is explained.
    assert any(subject.path == "/account" and not subject.text for subject in claim.covers)


@pytest.mark.parametrize(
    "observations",
    [
        (page(), asked(head=4000)),
        (page(200), BIG),
        (page(), asked(status=None, head=0)),
        (page(200), logged(SAID, when=LOADED - 60)),  # mended since
        (page(), logged(SAID, host="www.example.org")),
    ],
    ids=["it fits", "the door opens", "no answer", "before the last reload", "another site"],
)
def test_silent_when(observations: tuple[object, ...]) -> None:
    assert not judge(CHECK, config(), BUILD, RUNNING, *observations)  # type: ignore[arg-type]


def test_silent_when_the_buffer_is_large() -> None:
    text = SITE.replace("proxy_pass", "proxy_buffer_size 16k; proxy_buffers 8 16k; proxy_pass")
    assert not judge(CHECK, config(text), BUILD, RUNNING, page(), BIG)


def test_fires_once_where_one_setting_serves_several_locations() -> None:
    api = "    location /api/ {\n        proxy_pass http://127.0.0.1:3000;\n    }\n}\n"
    lines = (logged(SAID), logged(SAID, request="GET /api/ HTTP/1.1"))
    text = SITE.removesuffix("}\n") + api
    assert len(list(judge(CHECK, config(text), BUILD, RUNNING, page(), *lines))) == 2
    text = text.replace("    location / {", "    proxy_buffer_size 1k;\n    location / {")
    assert len(list(judge(CHECK, config(text), BUILD, RUNNING, page(), *lines))) == 1


PHP = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv;
    index index.php;

    location / {
        try_files $uri $uri/ /index.php?$args;
    }
    location /api/ {
        proxy_pass http://127.0.0.1:3000;
    }
    location ~ \\.php$ {
        fastcgi_pass 127.0.0.1:9000;
    }
}
"""


def test_fires_for_the_index_of_a_folder() -> None:
    line = logged(SAID, "GET /wp-admin/ HTTP/1.1", "fastcgi://127.0.0.1:9000")
    (claim,) = judge(CHECK, config(PHP), BUILD, RUNNING, page(200), line)
    assert (claim.facts["path"], claim.facts["directive"]) == ("/wp-admin/", "fastcgi_buffer_size")


def test_silent_about_another_gateway_than_the_line_names() -> None:
    line = logged(SAID, "GET /wp-admin/ HTTP/1.1", "http://127.0.0.1:3000/wp-admin/")
    assert not judge(CHECK, config(PHP), BUILD, RUNNING, page(200), line)


def test_fires_for_the_block_behind_whose_log_line_it_is() -> None:
    front = SITE.replace("127.0.0.1:3000", "127.0.0.1:8080")
    behind = SITE.replace("443 ssl", "127.0.0.1:8080").replace("127.0.0.1:3000", "127.0.0.1:3010")
    line = logged(SAID, upstream="http://127.0.0.1:3010/")
    made = diff(f"{front}\n{behind}", page(), line)
    assert made.index("3010") < made.index("+        proxy_buffer_size 16k;")
    assert "proxy_pass http://127.0.0.1:8080;\n+" not in made
