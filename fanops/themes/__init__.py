"""Themes: discovery, identity across runs, hand edits, and the way back to the sentences."""
