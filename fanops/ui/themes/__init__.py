"""Screens of the themes and findings, and of the words they stand on."""
