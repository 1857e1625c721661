"""A study becomes figures, tables and pages: records in, files out."""
