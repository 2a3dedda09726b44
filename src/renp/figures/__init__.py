"""Every picture, drawn from results."""
