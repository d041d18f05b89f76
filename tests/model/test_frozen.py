"""`frozen` makes what `dataclasses.dataclass(frozen=True, slots=True)` would."""

import copy
import dataclasses
import inspect
import pickle
from typing import ClassVar

import msgspec
import pytest

from diagnose.model.frozen import frozen


@frozen
class Port:
    """A port."""

    number: int
    protocol: str = "tcp"
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.number}/{self.protocol}"


@frozen(kw_only=True, eq=False)
class Seen:
    layer: ClassVar[str] = ""

    at: float = 0.0


@frozen(kw_only=True, eq=False)
class SeenPort(Seen):
    layer: ClassVar[str] = "tcp"

    port: Port


def test_it_takes_its_fields_and_their_defaults() -> None:
    assert Port(443).name == "443/tcp"
    assert Port(53, "udp") == Port(number=53, protocol="udp", notes=[])
    assert Port(1).notes is not Port(1).notes
    assert repr(Port(443)) == "Port(number=443, protocol='tcp', notes=[])"
    assert str(inspect.signature(SeenPort)) == "(*, at=0.0, port)"


@pytest.mark.parametrize("wrong", [{}, {"number": 1, "colour": 2}])
def test_it_refuses_what_it_does_not_have(wrong: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        Port(**wrong)  # type: ignore[arg-type]


def test_it_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Port(443).number = 80  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del Port(443).number
    assert not hasattr(Port(443), "__dict__")


def test_values_are_equal_by_what_they_hold_and_observations_by_what_they_are() -> None:
    assert hash(("a", Port))
    assert Port(443) == Port(443) != Port(80)
    assert Port(443) not in [443, "443/tcp"]
    one, other = SeenPort(port=Port(443)), SeenPort(port=Port(443))
    assert one != other
    assert len({one, other, one}) == 2


def test_it_is_a_dataclass_to_everybody_else() -> None:
    seen = SeenPort(port=Port(443))
    assert dataclasses.is_dataclass(seen)
    assert [field.name for field in dataclasses.fields(seen)] == ["at", "port"]
    assert dataclasses.replace(seen, at=2.0).at == 2.0
    assert SeenPort.layer == "tcp"
    assert copy.copy(Port(443)) == pickle.loads(pickle.dumps(Port(443))) == Port(443)
    assert msgspec.convert({"at": 1.5, "port": {"number": 80}}, SeenPort).port == Port(80)
    match Port(443, "udp"):
        case Port(number, protocol):
            assert (number, protocol) == (443, "udp")


def test_the_thousandth_value_is_made_as_the_first() -> None:
    """After a number of values `__init__` is compiled."""
    notes = ["a"]
    made = [Port(number, notes=notes) for number in range(1000)]
    assert made[0] == Port(0, "tcp", ["a"])
    assert made[999] == Port(number=999, protocol="tcp", notes=["a"])
    assert SeenPort(port=Port(443)).at == 0.0
    with pytest.raises(TypeError):
        Port()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Port(1, "tcp", [], "more")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="multiple values"):
        Port(1, number=2)  # type: ignore[misc]


def test_arguments_that_do_not_fit_are_named_as_python_does() -> None:
    @frozen
    class Pair:
        one: int
        two: int = 2

    with pytest.raises(TypeError, match="multiple values for argument 'one'"):
        Pair(1, one=2)  # type: ignore[misc]
    with pytest.raises(TypeError, match="unexpected keyword argument 'three'"):
        Pair(1, three=3)  # type: ignore[call-arg]
    assert Pair(1) == Pair(one=1, two=2)
