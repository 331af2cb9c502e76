"""Training of what ships in models/: imported only by `fanops model`."""
