"""Proof: what an action changed, with interval, placebo and an honest verdict."""
