"""The options of a match in an iptables rule: names, arguments and exclamation marks. No I/O."""

from diagnose.model.frozen import frozen


@frozen
class Option:
    """One option, such as `! --dports 80,443`: the name without dashes, and its arguments."""

    name: str
    values: tuple[str, ...] = ()
    negated: bool = False

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


def parse_options(words: tuple[str, ...]) -> tuple[Option, ...]:
    """Return the options among the words of a rule, each with the arguments that follow it. Older
    versions of iptables write the exclamation mark behind the option."""
    options: list[Option] = []
    negated = False
    for argument in words:
        if argument == "!":
            negated = True
        elif argument.startswith("-") and not argument[1:2].isdigit():
            options.append(Option(argument.lstrip("-"), negated=negated))
            negated = False
        elif options:
            last = options[-1]
            options[-1] = Option(last.name, (*last.values, argument), last.negated or negated)
            negated = False
    return tuple(options)
