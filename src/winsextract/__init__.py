"""winsextract turns a yearly round-up of human-rights wins into structured, grounded records."""

__version__ = "0.1.0"
