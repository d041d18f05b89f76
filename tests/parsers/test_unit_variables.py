import pytest

from diagnose.parsers.unit_variables import UnitEdit, with_unit_argument, with_unit_variable

UNIT = "[Unit]\nDescription=Shop\n\n[Service]\nExecStart=/usr/bin/shop\n"


def test_a_variable_is_new_or_has_another_value() -> None:
    edit = with_unit_variable(UNIT, "SHOP_HOSTS", "shop.example.com", is_new=True)
    assert edit == UnitEdit(4, "[Service]", "Environment=SHOP_HOSTS=shop.example.com", True)
    line = 'Environment="SHOP_HOSTS=a.example"'
    edit = with_unit_variable(f"{UNIT}{line}\n", "SHOP_HOSTS", "a.example,b.example", is_new=False)
    assert edit == UnitEdit(6, line, 'Environment="SHOP_HOSTS=a.example,b.example"', False)


def test_what_is_not_edited() -> None:
    assert with_unit_variable(UNIT, "SHOP_HOSTS", "a", is_new=False) is None
    assert with_unit_variable(UNIT, "SHOP_HOSTS", "a b", is_new=True) is None
    assert with_unit_variable("ExecStart=/x\n", "SHOP_HOSTS", "a", is_new=True) is None
    computed = f"{UNIT}Environment=SHOP_HOSTS=${{HOSTS}}\n"
    assert with_unit_variable(computed, "SHOP_HOSTS", "a", is_new=False) is None


def test_other_variables_of_a_line_are_kept() -> None:
    two = f'{UNIT}Environment=A=1 "SHOP_HOSTS=b" C=2\n'
    edit = with_unit_variable(two, "SHOP_HOSTS", "a", is_new=False)
    assert edit
    assert edit.new == 'Environment=A=1 "SHOP_HOSTS=a" C=2'


def test_an_argument_has_another_value() -> None:
    text = "[Service]\nExecStart=/usr/bin/shop run \\\n  --base-path=/old -p 3\nUser=old\n"
    edit = with_unit_argument(text, "--base-path", "/old", "/shop")
    assert edit == UnitEdit(3, "  --base-path=/old -p 3", "  --base-path=/shop -p 3", False)
    assert with_unit_argument(text, "--base-path", "/other", "/shop") is None
    assert with_unit_argument(text, "--base-path", "/old", "a b") is None
    twice = "ExecStart=/a --x 1\nExecStart=/b --x 1\n"
    assert with_unit_argument(twice, "--x", "1", "2") is None


@pytest.mark.parametrize(
    "line",
    [
        'Environment="SHOP_HOSTS=a.example b.example"',
        "Environment='SHOP_HOSTS=a b'",
        'Environment="OTHER=x SHOP_HOSTS=y z"',
        "Environment=SHOP_HOSTS=a\\x20b",
        'Environment=SHOP_HOSTS="a"',
    ],
)
def test_no_part_of_a_value_is_edited(line: str) -> None:
    """A value with a blank stands in quotation marks (systemd.exec(5), "Environment=")."""
    assert with_unit_variable(f"{UNIT}{line}\n", "SHOP_HOSTS", "c.example", is_new=False) is None


def test_the_last_of_two_values_counts() -> None:
    two = f"{UNIT}Environment=SHOP_HOSTS=a 'SHOP_HOSTS=b'\n"
    edit = with_unit_variable(two, "SHOP_HOSTS", "c", is_new=False)
    assert edit
    assert edit.new == "Environment=SHOP_HOSTS=a 'SHOP_HOSTS=c'"
