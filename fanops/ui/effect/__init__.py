"""Screens of the effect: plans, verdicts, raisers."""
