"""Fuzzers: of input as nobody should write it nothing may come but an error of input, soon."""
