"""The checks: one folder per layer, one file per check. The texts of a check lie beside it."""
