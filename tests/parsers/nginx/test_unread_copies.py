import pytest

from diagnose.parsers.nginx.site_files import blocks_of
from diagnose.parsers.nginx.unread_copies import is_aside, is_template, other_answer, replaces

PAGE = "location / { proxy_pass http://127.0.0.1:3000; }"
API = "location /api/ { proxy_pass http://127.0.0.1:3001; }"


def block(*lines: str, name: str = "shop.example.com"):  # type: ignore[no-untyped-def]
    (server,) = blocks_of(
        f"server {{ listen 443 ssl; server_name {name}; {' '.join(lines)} }}", "/shop"
    )
    return server


def test_a_location_that_the_file_in_use_has_not_is_another_answer() -> None:
    other = other_answer(block(PAGE), block(PAGE, API), "/api/products")
    assert other
    assert (other.location.args, other.answer.args) == (("/api/",), ("http://127.0.0.1:3001",))
    moved = API.replace("3001", "3002")
    assert other_answer(block(PAGE, API), block(PAGE, moved), "/api/products")


def test_the_same_answer_is_none() -> None:
    assert other_answer(block(PAGE, API), block(API, PAGE), "/api/products") is None
    assert other_answer(block(PAGE), block(PAGE, API), "/about") is None
    assert other_answer(block(PAGE), block("location /api/ { expires 1h; }"), "/api/x") is None
    assert other_answer(block(PAGE), block(), "/api/x") is None


@pytest.mark.parametrize(
    "line",
    [
        "location / { return 503; }",
        "location / { root /srv/maintenance; try_files /sorry.html =503; }",
        "location /api/ { return 404; }",
    ],
)
def test_a_file_that_closes_the_site_is_not_what_visitors_wait_for(line: str) -> None:
    assert other_answer(block(PAGE), block(line), "/api/products") is None


@pytest.mark.parametrize(
    "name", ["shop-maintenance", "shop_old", "shop-backup", "shop.conf.2026-12-01", "shop.new"]
)
def test_a_file_that_is_laid_aside_is_no_edited_one(name: str) -> None:
    used = "/etc/nginx/sites-enabled/shop"
    assert is_aside(f"/etc/nginx/sites-available/{name}", used)
    assert not is_aside(f"/etc/nginx/sites-available/{name}", f"/etc/nginx/sites-enabled/{name}")
    assert not is_aside("/etc/nginx/sites-available/newshop.example.com", used)


def test_a_file_replaces_another_that_has_no_further_names() -> None:
    assert replaces((block(),), (block(API), block(name="blog.example.com")))
    assert not replaces((block(), block(name="blog.example.com")), (block(API),))


@pytest.mark.parametrize("name", ["shop.conf.template", "shop.j2", "shop.example", "SHOP.SAMPLE"])
def test_files_from_which_others_are_made_are_no_sites(name: str) -> None:
    assert is_template(f"/etc/nginx/{name}")
    assert not is_template("/etc/nginx/sites-available/shop.example.com")
