"""Interviews: transcripts into turns, coders compared, codebooks exchanged."""
