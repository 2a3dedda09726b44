"""What the package is measured against: NumPy, numba and C by hand."""
