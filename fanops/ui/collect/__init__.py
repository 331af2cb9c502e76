"""Screens of collecting: surveys, interviews, coding, imports."""
