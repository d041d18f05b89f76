"""The rules of cloud providers: who filters what in front of an instance (ADR 27)."""
