"""Schemes: ways to prove where a request comes from. Pure: (request, keys, now) -> proof or refusal.

No sockets, no clock, no database, and no provider's name. A provider's declaration holds scheme
values; `verifier.Verifier` is one or more of them bound to a source's keys.
"""
