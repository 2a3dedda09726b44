"""Independent computations that the tests compare the package with."""
