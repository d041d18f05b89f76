import pytest

from diagnose.parsers.apache.requested_site import RequestedSite

SITE = RequestedSite(
    paths={"/shop/", "/login.php"},
    roots={"/srv/www/"},
    backends={"127.0.0.1:3000", "localhost:8443"},
    visitors={"203.0.113.7", "2001:db8::7"},
)


@pytest.mark.parametrize(
    ("line", "is_ours"),
    [
        ("[client 203.0.113.7:4711] AH01071: Got error", True),
        ("[client [2001:db8::7]:4711] AH01071: Got error", True),
        ("[client 203.0.113.70:4711] AH01071: Got error", False),
        ("AH01071: Got error", False),
    ],
)
def test_a_line_is_about_this_run_by_the_address_of_its_client(line: str, is_ours: bool) -> None:
    assert SITE.sent_request_of(line) is is_ours


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("AH00128: File does not exist: /srv/www/shop/", True),
        ("script '/opt/php/login.php' not found", True),
        ("AH00128: File does not exist: /srv/www/shop/index.html", True),
        ("AH00128: File does not exist: /srv/www/other", False),
    ],
)
def test_a_message_names_a_path_or_its_file(text: str, is_named: bool) -> None:
    assert SITE.is_named_in(text) is is_named


def test_a_path_of_the_log_may_be_the_index_file_of_a_requested_folder() -> None:
    assert SITE.has_path("/shop/index.php?a=1")
    assert not SITE.has_path("/index.php")


def test_a_link_on_the_way_to_a_file_stands_for_it() -> None:
    message = "AH00037: Symbolic link not allowed or link target not accessible: {}"
    assert SITE.is_below_link_of(message.format("/srv/www/shop"))
    assert not SITE.is_below_link_of(message.format("/srv/www/other"))
    assert not SITE.is_below_link_of("no link at all: /srv/www/shop")


def test_a_backend_is_known_by_its_address_or_its_name() -> None:
    assert SITE.has_backend("127.0.0.1:3000", None)
    assert SITE.has_backend("[::1]:8443", "localhost")
    assert not SITE.has_backend("[::1]:8444", "localhost")


def test_a_htaccess_counts_in_the_folder_below_it_and_above_it() -> None:
    assert SITE.follows("/srv/www/.htaccess")
    assert SITE.follows("/srv/www/shop/.htaccess")
    assert SITE.follows("/srv/.htaccess")
    assert not SITE.follows("/srv/other/.htaccess")


def test_a_folder_of_the_site_is_itself_or_in_it() -> None:
    assert SITE.has_folder("/srv/www")
    assert SITE.has_folder("/srv/www/shop")
    assert not SITE.has_folder("/srv/www2")
