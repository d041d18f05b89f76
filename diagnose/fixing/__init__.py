"""A fix, applied: saved before, tested, looked at again, taken back where it did not help.

`plans` says what is done about which cause and why others are left alone; `carry_out`,
`take_back` and `resume` do it through a door to the server, all by the journal that lies there.
"""

from diagnose.fixing.hands import Stuck
from diagnose.fixing.journal import Busy, Written, latest
from diagnose.fixing.journal import drop as forget
from diagnose.fixing.plan import Left, Plan, plans
from diagnose.fixing.work import Outcome, carry_out, resume, take_back

__all__ = [
    "Busy", "Left", "Outcome", "Plan", "Stuck", "Written", "carry_out", "forget", "latest", "plans",
    "resume", "take_back",
]  # fmt: skip
