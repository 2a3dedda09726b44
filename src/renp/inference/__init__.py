"""From counts to what may be claimed."""
