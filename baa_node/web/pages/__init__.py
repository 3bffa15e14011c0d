"""One module a page, or a group of pages, each with its routes in ``router``."""
