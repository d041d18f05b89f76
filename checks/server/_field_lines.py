"""A line of a server's configuration that sends a field of responses."""

from checks.server import place_text
from diagnose.model import Location
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean


@frozen
class FieldLine:
    """A line of a configuration that sends a field. `text` is the whole line; the value stands
    between `start` and `stop`, with its quotes, and is `value` without them. `is_comparable` is
    False if the value has variables: it is not what visitors get. `is_alone` is False if the line
    does more than that. With `is_list` each word between commas is a member of a list, whose other
    lines, if it has such, are `following`. `option` is written before another value."""

    file: str
    number: int
    text: str
    start: int
    stop: int
    value: str
    is_comparable: bool = True
    is_alone: bool = True
    is_list: bool = False
    following: tuple[int, ...] = ()
    option: str = ""

    @property
    def place(self) -> str:
        return place_text(self.file, self.number)

    @property
    def location(self) -> Location:
        return Location(
            self.file,
            self.number,
            self.start + 1,
            self.stop + 1,
            self.number,
            (clean(self.text, 500),),
        )
