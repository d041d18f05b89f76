"""The fleet: any number of targets from a list, one JSON line for each as soon as it is finished.

Nothing here waits for the end of the list, and nothing grows with it: targets are read when there
is room for them, results leave at once, and what has to be remembered is in a file
(`diagnose.fleet.journal`).
"""
