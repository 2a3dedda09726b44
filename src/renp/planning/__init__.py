"""Planning: at which photon energies to run, and for how long."""
