from diagnose.model import Target


def test_the_path_without_its_query_is_what_servers_choose_by() -> None:
    target = Target("shop.example.com/a?b=c?d", "https", "shop.example.com", 443, "/a?b=c?d")
    assert target.path_without_query == "/a"
    assert Target("shop.example.com", "https", "shop.example.com", 443).path_without_query == "/"
