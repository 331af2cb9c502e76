"""Screens of the fans: who they are, today's cards, tags, segments, rules."""
