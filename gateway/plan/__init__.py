"""Configuration, providers and routes joined into one immutable Plan."""
