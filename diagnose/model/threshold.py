"""A plugin's thresholds: the range that a measurement should keep."""

from typing import Literal

from diagnose.model.frozen import frozen

Level = Literal["warning", "critical"]


@frozen
class Range:
    """A range of the Monitoring Plugins Development Guidelines ("Threshold and Ranges"). Its ends
    belong to it. `alerts_inside` is True for one that is written with "@". `text` is as it was
    written."""

    low: float
    high: float
    alerts_inside: bool
    text: str

    def alerts(self, value: float) -> bool:
        return (self.low <= value <= self.high) == self.alerts_inside


@frozen
class Threshold:
    """The range of a measurement beyond which the state is `level`. `label` is that of the
    performance data."""

    level: Level
    label: str
    range: Range
