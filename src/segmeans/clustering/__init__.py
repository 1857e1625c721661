"""Numbers: arrays in, arrays out. Knows no table, no file, no customer."""
