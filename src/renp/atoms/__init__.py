"""What nature gives of the atoms: levels, spin sums, widths."""
