"""Screens for those who look at everything: the loop and the one page."""
