"""fanops: from what a chain's best customers say to what its stores change, and proof that it helped."""

__version__ = "0.1.0"
