"""Notebooks run into pages: rendering, batches, the index, PDF. What stands on a page is in show."""
