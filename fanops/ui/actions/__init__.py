"""Screens of fixes (MTQSC) and backlog (MTPD)."""
