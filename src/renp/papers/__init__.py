"""The papers as data and as recipes."""
