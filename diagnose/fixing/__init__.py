"""Applies a fix: saves files, changes, tests, diagnoses again, and rolls back if it did not help.

`plan.plans` decides what is done about which cause and why others are skipped. `apply.apply_plan`,
`apply.resume` and `rollback.roll_back` do the work through a `Machine` and keep a journal on the
server. Nothing is imported here: the screen needs what is planned alone.
"""
