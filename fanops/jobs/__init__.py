"""Work in the background: a job table, a worker, progress that pages can show."""
