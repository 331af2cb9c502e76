"""Surveys as data: definitions, conditions, the path through them, answers, and the checker."""
