"""The product's words as types. No I/O, no clock, no rules beyond the tables themselves."""
