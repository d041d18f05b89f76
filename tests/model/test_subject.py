from diagnose.model import Subject, endpoints, merge_subjects

FOUR = Subject(address="203.0.113.10", port=443)


def test_a_field_without_a_value_covers_all_values() -> None:
    assert Subject(port=443).covers(FOUR)
    assert FOUR.covers(Subject(port=443))
    assert not Subject(port=80).covers(FOUR)


def test_a_path_without_a_query_has_any_query() -> None:
    bare, polled = Subject(path="/socket.io/"), Subject(path="/socket.io/?EIO=4")
    assert bare.covers(polled)
    assert polled.covers(bare)
    assert not polled.covers(Subject(path="/socket.io/?EIO=3"))
    assert not bare.covers(Subject(path="/socket/?EIO=4"))


def test_it_is_written_as_an_endpoint() -> None:
    assert str(FOUR) == "203.0.113.10:443"
    assert str(Subject(address="2001:db8::1", port=443)) == "[2001:db8::1]:443"
    assert str(Subject(port=443)) == "443/tcp"
    assert str(Subject(name="shop.example.com", path="/ws")) == "shop.example.com/ws"
    assert str(Subject(port=443, text="public zone")) == "public zone"


def test_one_subject_for_each_address() -> None:
    assert endpoints(["a", "b", "a"], 443) == (
        Subject(address="a", port=443),
        Subject(address="b", port=443),
    )


def test_merged_they_keep_what_they_share() -> None:
    merged = merge_subjects(endpoints(["203.0.113.10", "203.0.113.11"], 443))
    assert (merged.address, merged.port) == (None, 443)
    assert merged.text == "203.0.113.10:443, 203.0.113.11:443"
    assert merge_subjects((FOUR,)) is FOUR
